//! Every public item of the SDK shows how it is used.
//!
//! The rule: a public function, struct, enum, trait or exported macro has a code block in its own
//! documentation, one that `cargo test` runs. For what belongs to a type or a trait (methods,
//! constants, required functions) it is enough that a block of the type, of one of its `impl`
//! blocks or of its module names it, as in `.name(`, `::name` or `fn name`: a builder is better
//! shown once than eleven times. A type that is generated from the contract has the contract's
//! comments and no block of its own, so it must be named in some block of the crate; so must a
//! hidden macro that a module offers under another name.
//!
//! Not public, and not looked at: `pub(crate)`, `#[doc(hidden)]`, items of private modules that
//! nobody re-exports, implementations of traits, fields and variants, and tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, ImplItem, Item, ItemImpl, Lit, Meta, TraitItem, UseTree, Visibility};

#[test]
fn every_public_item_has_an_example_that_runs() {
    let mut found = Crate::default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    found.read(&root, "crate", &Seen::All);
    let missing = found.without_example();
    assert!(
        missing.is_empty(),
        "no example that runs for:\n  {}\n\
         Write three to eight lines that assert something, with `tidegate_sdk::testing`: see \
         those of its neighbours.",
        missing.join("\n  ")
    );
    // That so few are found would mean that the files are not.
    assert!(found.items.len() > 150, "{} items", found.items.len());
}

#[test]
fn an_item_without_one_is_named() {
    let named = |source: &str| {
        let mut found = Crate::default();
        found.items(&syn::parse_str(source).unwrap(), "m", &Seen::All);
        found.without_example()
    };
    assert_eq!(named("/// Told only.\npub fn f() {}"), ["m::f"]);
    assert_eq!(
        named("/// ```ignore\n/// f();\n/// ```\npub fn f() {}"),
        ["m::f"]
    );
    assert!(named("/// ```\n/// f();\n/// ```\npub fn f() {}").is_empty());
    for other in [
        "pub(crate) fn f() {}",
        "#[doc(hidden)] pub fn f() {}",
        "#[cfg(test)] mod tests { pub fn f() {} }",
        "struct S; impl S { pub fn f() {} }",
        "macro_rules! inner { () => {} }",
    ] {
        assert!(named(other).is_empty(), "{other}");
    }
    let shown = "/// ```\n/// S::new().f();\n/// ```\npub struct S; \
                 impl S { pub fn new() {} pub fn f() {} pub fn g() {} }";
    assert_eq!(named(shown), ["m::S::g"]);
    assert_eq!(named("pub trait T { fn f(); }"), ["m::T", "m::T::f"]);
    assert_eq!(
        named("#[macro_export] macro_rules! m { () => {} }"),
        ["m::m"]
    );
    assert_eq!(named("pub use bindings::a::{B, C};"), ["m::B", "m::C"]);
}

/// Which items of a module the outside sees.
enum Seen {
    All,
    /// Those that the module above re-exports.
    Only(BTreeSet<String>),
    /// Macros that are exported, and nothing else.
    Nothing,
}

impl Seen {
    fn has(&self, name: &str) -> bool {
        match self {
            Seen::All => true,
            Seen::Only(names) => names.contains(name),
            Seen::Nothing => false,
        }
    }
}

struct Found {
    path: String,
    /// Where an example may stand.
    rule: Rule,
}

enum Rule {
    /// Whether it stands in its own documentation.
    Own(bool),
    /// There, or where its type is shown.
    Member {
        own: bool,
        owner: String,
        module: String,
        name: String,
    },
    /// Anywhere.
    Named(String),
}

#[derive(Default)]
struct Crate {
    items: Vec<Found>,
    /// Public types and traits by name.
    types: BTreeSet<String>,
    /// Blocks by who shows them: a type's name, or a module's path.
    blocks: BTreeMap<String, String>,
}

impl Crate {
    /// A file and the modules below it.
    fn read(&mut self, file: &Path, path: &str, seen: &Seen) {
        let text = fs::read_to_string(file).unwrap();
        let parsed = syn::parse_file(&text).unwrap();
        self.show(path, &parsed.attrs);
        self.items(&parsed, path, seen);
        let offered = re_exports(&parsed.items);
        for item in &parsed.items {
            let Item::Mod(module) = item else { continue };
            if module.content.is_some() {
                continue;
            }
            let name = module.ident.to_string();
            let seen = match (seen, &module.vis) {
                _ if hidden(&module.attrs) => Seen::Nothing,
                (Seen::All, Visibility::Public(_)) => Seen::All,
                (Seen::All, Visibility::Inherited) => Seen::Only(offered.clone()),
                _ => Seen::Nothing,
            };
            let below = beside(file, &name);
            self.read(&below, &format!("{path}::{name}"), &seen);
        }
    }

    fn items(&mut self, parsed: &syn::File, path: &str, seen: &Seen) {
        for item in &parsed.items {
            let (name, visible, attributes) = match item {
                Item::Fn(item) => (&item.sig.ident, &item.vis, &item.attrs),
                Item::Struct(item) => (&item.ident, &item.vis, &item.attrs),
                Item::Enum(item) => (&item.ident, &item.vis, &item.attrs),
                Item::Trait(item) => (&item.ident, &item.vis, &item.attrs),
                Item::Macro(item) => {
                    self.exported_macro(item, path);
                    continue;
                }
                Item::Use(item) if matches!(item.vis, Visibility::Public(_)) => {
                    self.generated(&item.tree, path, seen);
                    continue;
                }
                _ => continue,
            };
            let name = name.to_string();
            let public = matches!(visible, Visibility::Public(_)) && !hidden(attributes);
            if !public || !seen.has(&name) {
                continue;
            }
            self.push(
                format!("{path}::{name}"),
                Rule::Own(!blocks(attributes).is_empty()),
            );
            if !matches!(item, Item::Fn(_)) {
                self.types.insert(name.clone());
                self.show(&name, attributes);
            }
            if let Item::Trait(item) = item {
                for required in &item.items {
                    if let TraitItem::Fn(required) = required {
                        self.member(path, &name, &required.sig.ident, &required.attrs);
                    }
                }
            }
        }
        // Types first: an `impl` may stand anywhere.
        for item in &parsed.items {
            if let Item::Impl(item) = item
                && item.trait_.is_none()
                && !matches!(seen, Seen::Nothing)
            {
                self.methods(item, path);
            }
        }
    }

    fn methods(&mut self, item: &ItemImpl, path: &str) {
        let syn::Type::Path(of) = &*item.self_ty else {
            return;
        };
        let Some(owner) = of.path.segments.last() else {
            return;
        };
        let owner = owner.ident.to_string();
        self.show(&owner, &item.attrs);
        for member in &item.items {
            let (name, visible, attributes) = match member {
                ImplItem::Fn(member) => (&member.sig.ident, &member.vis, &member.attrs),
                ImplItem::Const(member) => (&member.ident, &member.vis, &member.attrs),
                _ => continue,
            };
            if matches!(visible, Visibility::Public(_)) && !hidden(attributes) {
                self.member(path, &owner, name, attributes);
            }
        }
    }

    fn member(&mut self, module: &str, owner: &str, name: &syn::Ident, attributes: &[Attribute]) {
        let rule = Rule::Member {
            own: !blocks(attributes).is_empty(),
            owner: owner.to_owned(),
            module: module.to_owned(),
            name: name.to_string(),
        };
        self.push(format!("{module}::{owner}::{name}"), rule);
    }

    fn exported_macro(&mut self, item: &syn::ItemMacro, path: &str) {
        let exported = item
            .attrs
            .iter()
            .any(|it| it.path().is_ident("macro_export"));
        if let Some(name) = item
            .ident
            .as_ref()
            .filter(|_| exported && !hidden(&item.attrs))
        {
            let own = !blocks(&item.attrs).is_empty();
            self.push(format!("{path}::{name}"), Rule::Own(own));
        }
    }

    /// What is re-exported and not written here: types of the bindings, macros with another name.
    fn generated(&mut self, tree: &UseTree, path: &str, seen: &Seen) {
        let mut names = Vec::new();
        leaves(tree, &mut Vec::new(), &mut names);
        for (from, name) in names {
            let macro_of_another_name = from.iter().any(|part| part.starts_with("__"));
            let of_the_contract = from.iter().any(|part| part == "bindings");
            if (of_the_contract || macro_of_another_name) && seen.has(&name) {
                self.types.insert(name.clone());
                self.push(format!("{path}::{name}"), Rule::Named(name));
            }
        }
    }

    fn push(&mut self, path: String, rule: Rule) {
        self.items.push(Found { path, rule });
    }

    fn show(&mut self, who: &str, attributes: &[Attribute]) {
        let shown = self.blocks.entry(who.to_owned()).or_default();
        shown.push_str(&blocks(attributes));
    }

    fn without_example(&self) -> Vec<String> {
        let shows = |who: &str, name: &str| {
            let shown = self.blocks.get(who).map_or("", String::as_str);
            ["::", ".", "fn "]
                .iter()
                .any(|before| word(shown, before, name))
        };
        let missing = self.items.iter().filter(|item| match &item.rule {
            Rule::Own(own) => !own,
            Rule::Member { owner, .. } if !self.types.contains(owner) => false,
            Rule::Member {
                own,
                owner,
                module,
                name,
            } => !own && !shows(owner, name) && !shows(module, name),
            Rule::Named(name) => !self.blocks.values().any(|shown| word(shown, "", name)),
        });
        missing.map(|item| item.path.clone()).collect()
    }
}

/// Whether the text has that name as a whole word, after `before`.
fn word(text: &str, before: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(&format!("{before}{name}"))
        .any(|(at, all)| {
            let alone = !before.is_empty() || !text[..at].ends_with(part);
            alone && !text[at + all.len()..].starts_with(part)
        })
}

/// The code of all blocks that `cargo test` runs.
fn blocks(attributes: &[Attribute]) -> String {
    let mut code = String::new();
    // What the fence says, inside of a block.
    let mut fence: Option<String> = None;
    for line in attributes.iter().filter_map(documentation) {
        for line in line.lines() {
            let line = line.trim();
            match (line.strip_prefix("```"), &fence) {
                (Some(says), None) => fence = Some(says.trim().to_owned()),
                (Some(_), Some(_)) => fence = None,
                (None, Some(says)) if ["", "rust", "should_panic"].contains(&says.as_str()) => {
                    code.push_str(line);
                    code.push('\n');
                }
                (None, _) => {}
            }
        }
    }
    code
}

fn documentation(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else {
        return None;
    };
    let Expr::Lit(value) = &meta.value else {
        return None;
    };
    match &value.lit {
        Lit::Str(text) if meta.path.is_ident("doc") => Some(text.value()),
        _ => None,
    }
}

/// Behind `#[doc(hidden)]` or `#[cfg(test)]`.
fn hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => {
            let said = list.tokens.to_string();
            (list.path.is_ident("doc") && said == "hidden")
                || (list.path.is_ident("cfg") && said == "test")
        }
        _ => false,
    })
}

/// Names that a module offers of the private ones below it.
fn re_exports(items: &[Item]) -> BTreeSet<String> {
    let mut names = Vec::new();
    for item in items {
        if let Item::Use(item) = item
            && matches!(item.vis, Visibility::Public(_))
        {
            leaves(&item.tree, &mut Vec::new(), &mut names);
        }
    }
    names.into_iter().map(|(_, name)| name).collect()
}

/// Each name of a `use`, with the path that leads to it.
fn leaves(tree: &UseTree, path: &mut Vec<String>, names: &mut Vec<(Vec<String>, String)>) {
    match tree {
        UseTree::Path(part) => {
            path.push(part.ident.to_string());
            leaves(&part.tree, path, names);
            path.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|it| leaves(it, path, names)),
        UseTree::Name(name) => names.push((path.clone(), name.ident.to_string())),
        UseTree::Rename(renamed) => {
            let mut path = path.clone();
            path.push(renamed.ident.to_string());
            names.push((path, renamed.rename.to_string()));
        }
        UseTree::Glob(_) => {}
    }
}

/// The file of a module that is declared in this file.
fn beside(file: &Path, name: &str) -> PathBuf {
    let folder = match file.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "mod") => file.parent().unwrap().to_owned(),
        _ => file.with_extension(""),
    };
    let alone = folder.join(format!("{name}.rs"));
    match alone.is_file() {
        true => alone,
        false => folder.join(name).join("mod.rs"),
    }
}
