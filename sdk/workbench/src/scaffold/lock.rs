//! The lock file of a Rust project: the versions that this program was built and tested with. So
//! a machine that has built Tidegate builds a plugin without a network.

use std::collections::BTreeMap;

use crate::embedded::{LOCK, SDK_MANIFEST};

/// One package of a lock file.
struct Package<'a> {
    text: &'a str,
    dependencies: Vec<&'a str>,
}

/// The lock file of a project of that name.
pub(super) fn file(name: &str) -> String {
    let packages = packages();
    let sdk = packages
        .iter()
        .find(|((of, _), _)| *of == "tidegate-sdk")
        .map(|(_, package)| package)
        .expect("the workspace has the SDK");
    // Without what only its own tests need.
    let direct = sdk.dependencies.iter().copied();
    let direct: Vec<&str> = direct.filter(|entry| is_needed(entry)).collect();

    let mut blocks = BTreeMap::new();
    let mut open = direct.clone();
    while let Some(entry) = open.pop() {
        let (key, package) = find(&packages, entry);
        if blocks.insert(key, package.text.to_owned()).is_none() {
            open.extend(&package.dependencies);
        }
    }
    blocks.insert(("tidegate-sdk", ""), block("tidegate-sdk", &direct));
    blocks.insert((name, ""), block(name, &["serde", "tidegate-sdk"]));
    let blocks = blocks
        .into_values()
        .map(|text| format!("\n[[package]]\n{text}\n"));
    format!("version = 4\n{}", blocks.collect::<String>())
}

fn packages() -> BTreeMap<(&'static str, &'static str), Package<'static>> {
    let blocks = LOCK.split("[[package]]\n").skip(1);
    blocks
        .map(|text| {
            let value = |key: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(key));
                line.map_or("", |line| line.trim_matches([' ', '=', '"']))
            };
            let list = text
                .split_once("dependencies = [\n")
                .map_or("", |(_, list)| list);
            let entries = list.lines().take_while(|line| *line != "]");
            let dependencies = entries
                .map(|line| line.trim_matches([' ', '"', ',']))
                .collect();
            let text = text.trim_end();
            (
                (value("name"), value("version")),
                Package { text, dependencies },
            )
        })
        .collect()
}

/// The package that an entry such as `syn` or `syn 2.0.119` means.
fn find<'a>(
    packages: &'a BTreeMap<(&'static str, &'static str), Package<'static>>,
    entry: &str,
) -> ((&'static str, &'static str), &'a Package<'static>) {
    let (name, version) = entry.split_once(' ').unwrap_or((entry, ""));
    let (key, package) = packages
        .iter()
        .find(|((of, at), _)| *of == name && (version.is_empty() || *at == version))
        .expect("a lock file is complete");
    (*key, package)
}

fn is_needed(entry: &str) -> bool {
    let name = entry.split(' ').next().unwrap_or_default();
    let (_, rest) = SDK_MANIFEST
        .split_once("[dependencies]\n")
        .expect("it has some");
    let lines = rest.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| line.split(['.', ' ']).next())
        .any(|of| of == name)
}

fn block(name: &str, dependencies: &[&str]) -> String {
    let list: Vec<String> = dependencies
        .iter()
        .map(|entry| format!(" \"{entry}\",\n"))
        .collect();
    let list = list.concat();
    format!("name = \"{name}\"\nversion = \"0.1.0\"\ndependencies = [\n{list}]")
}
