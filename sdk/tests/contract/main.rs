//! The contract changes with its version alone, and only in the ways that wit/README.md allows.
//!
//! Every version that was released is kept in `wit/released/`. A contract is compared as a list of
//! what it names (worlds, interfaces, functions, types), each with its type; comments and the order
//! of things do not count, the order of a record's fields and of cases does. What is refused:
//!
//! - any difference between `wit/` and the version that it says it is;
//! - with a raised patch version: a removal, a change, an addition that is not marked `@since`, and
//!   an addition that components which exist cannot have: a function of an interface that they
//!   export, or an export of their world;
//! - a version that goes back, and one that is not kept.
//!
//! The test that writes a version down is ignored, and is run by hand:
//! `cargo test -p tidegate-sdk --test contract -- --ignored`.

mod planted;
mod promise;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use promise::Contract;
use wit_parser::{PackageId, Resolve};

const WRITE: &str = "cargo test -p tidegate-sdk --test contract -- --ignored";

#[test]
fn the_contract_is_that_of_its_version() {
    let released = released();
    let (resolve, package) = current();
    if let Err(refused) = check(&released, &Contract::of(&resolve, package)) {
        panic!("{refused}");
    }
}

#[test]
#[ignore = "writes the contract's version down; by hand, after it was raised"]
fn write_this_version_down() {
    let (resolve, package) = current();
    let version = Contract::of(&resolve, package).version;
    let file = folder().join("released").join(format!("{version}.wit"));
    // What is written down is a promise: it is not written twice.
    if !file.exists() {
        let mut printer = wit_component::WitPrinter::default();
        printer.emit_docs(false);
        printer.print(&resolve, package, &[]).unwrap();
        fs::write(&file, printer.output.to_string()).unwrap();
    }
    let written = contract(&fs::read_to_string(&file).unwrap());
    let found = differences(&written, &Contract::of(&resolve, package));
    assert!(
        found.is_empty(),
        "{} is another contract: {found:#?}",
        file.display()
    );
}

/// Checks all versions, oldest first, and the one in `wit/` last.
fn check(released: &[Contract], current: &Contract) -> Result<(), String> {
    for pair in released.windows(2) {
        step(&pair[0], &pair[1])?;
    }
    let Some(last) = released.last() else {
        return Err(format!("no version is written down: `{WRITE}`"));
    };
    step(last, current)?;
    match last.version == current.version {
        true => Ok(()),
        false => Err(format!(
            "version {} of the contract is not written down in wit/released: `{WRITE}`",
            current.version
        )),
    }
}

/// From one version to the next, or to the same one.
fn step(old: &Contract, new: &Contract) -> Result<(), String> {
    let differences = differences(old, new);
    let list = |found: &[&Difference]| {
        found.iter().fold(String::new(), |mut list, it| {
            let _ = write!(list, "\n  {}", it.text);
            list
        })
    };
    let all: Vec<_> = differences.iter().collect();
    let (adds, breaks): (Vec<_>, Vec<_>) = all.iter().partition(|it| it.kind != Kind::Breaks);
    let next = |compatible| old.version.next(compatible);
    if new.version < old.version {
        return Err(format!(
            "the contract goes back from version {} to {}",
            old.version, new.version
        ));
    }
    if new.version == old.version {
        return match (adds.len(), breaks.len()) {
            (0, 0) => Ok(()),
            (_, 0) => Err(format!(
                "version {0} of the contract is released, and wit/ adds to it:{1}\n\
                 Raise the version of the package in every file of wit/ to {2}, mark what is new \
                 `@since(version = {2})`, and write it down: `{WRITE}`",
                old.version,
                list(&all),
                next(true)
            )),
            (_, _) => Err(format!(
                "version {} of the contract is released, and wit/ is another:{}\n\
                 Take it back, or raise the version of the package to {}: components that exist \
                 would not work with it",
                old.version,
                list(&all),
                next(false)
            )),
        };
    }
    if !old.version.is_compatible_with(new.version) {
        return Ok(());
    }
    if !breaks.is_empty() {
        return Err(format!(
            "from {} to {} the contract may only add, and components made for {0} would not work \
             any more:{}\nTake it back, or raise the version to {}",
            old.version,
            new.version,
            list(&breaks),
            next(false)
        ));
    }
    let unmarked: Vec<_> = adds
        .into_iter()
        .filter(|it| it.kind == Kind::Unmarked)
        .collect();
    match unmarked.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "what is new since version {} is not marked `@since(version = {})`:{}",
            old.version,
            new.version,
            list(&unmarked)
        )),
    }
}

struct Difference {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Components that exist would not work.
    Breaks,
    Adds,
    /// Adds, and does not say since when.
    Unmarked,
}

impl std::fmt::Debug for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

fn differences(old: &Contract, new: &Contract) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut say = |kind, text| found.push(Difference { text, kind });
    for (name, was) in &old.items {
        match new.items.get(name) {
            None => say(Kind::Breaks, format!("{name} is gone")),
            Some(is) if is.text != was.text => {
                say(
                    Kind::Breaks,
                    format!("{name} was `{}` and is `{}`", was.text, is.text),
                );
            }
            Some(_) => {}
        }
    }
    for (name, item) in &new.items {
        if old.items.contains_key(name) {
            continue;
        }
        let inside_of_what_is_new =
            !old.items.contains_key(&item.within) && !item.within.is_empty();
        if inside_of_what_is_new {
            continue;
        }
        if item.owed && old.owes(&item.within) {
            let text = format!("{name} is new, and components that exist do not export it");
            say(Kind::Breaks, text);
            continue;
        }
        let marked = item.since.is_some_and(|since| since > old.version) || item.of_itself;
        let kind = if marked { Kind::Adds } else { Kind::Unmarked };
        say(kind, format!("{name} is new"));
    }
    found
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

fn current() -> (Resolve, PackageId) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(folder()).unwrap();
    (resolve, package)
}

/// Every version that is written down, oldest first.
fn released() -> Vec<Contract> {
    let files = fs::read_dir(folder().join("released")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let mut released: Vec<Contract> = files
        .filter(|file| file.extension().is_some_and(|it| it == "wit"))
        .map(|file| {
            let contract = contract(&fs::read_to_string(&file).unwrap());
            let named = file.file_stem().unwrap().to_string_lossy().into_owned();
            assert_eq!(named, contract.version.to_string(), "{}", file.display());
            contract
        })
        .collect();
    released.sort_by_key(|contract| contract.version);
    released
}

fn contract(text: &str) -> Contract {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("contract.wit", text).unwrap();
    Contract::of(&resolve, package)
}
