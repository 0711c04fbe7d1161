use std::collections::BTreeMap;

use super::*;
use crate::project::Project;
use clap::ValueEnum;

fn wish(kind: Kind, language: Language) -> Wish<'static> {
    Wish {
        name: "near-first",
        kind,
        language,
        sdk: None,
        parent: Path::new("/nowhere"),
    }
}

fn all() -> impl Iterator<Item = (Kind, Language)> {
    let kinds = Kind::value_variants().iter();
    kinds.flat_map(|&kind| Language::value_variants().iter().map(move |&l| (kind, l)))
}

#[test]
fn every_language_has_a_template_of_each_kind() {
    for (kind, language) in all() {
        let files: BTreeMap<_, _> = files(&wish(kind, language)).unwrap().into_iter().collect();
        for expected in [
            "README.md",
            "tidegate.yaml",
            "scenarios/basic.yaml",
            ".gitignore",
        ] {
            assert!(
                files.contains_key(Path::new(expected)),
                "{kind} {language}: {expected}"
            );
        }
        for (path, content) in &files {
            let text = String::from_utf8_lossy(content);
            let vendored = path.starts_with("vendor");
            assert!(vendored || !text.contains("{{"), "{}", path.display());
        }
        let manifest = &files[Path::new(crate::project::MANIFEST)];
        let project: Project =
            serde_yaml::from_str(std::str::from_utf8(manifest).unwrap()).unwrap();
        assert_eq!((project.kind, project.language), (kind, language));
        assert_eq!(project.name, "near-first");
    }
}

/// What a plugin does is the same in every language; only its bounds differ.
#[test]
fn the_scenarios_of_a_kind_are_the_same() {
    for kind in Kind::value_variants() {
        let mut seen: Option<String> = None;
        for language in Language::value_variants() {
            let files = files(&wish(*kind, *language)).unwrap();
            let (_, content) = files
                .iter()
                .find(|(path, _)| path == Path::new("scenarios/basic.yaml"))
                .unwrap();
            let text = String::from_utf8(content.clone()).unwrap();
            let lines = text.lines().filter(|line| !line.starts_with("limits:"));
            let text = lines.collect::<Vec<_>>().join("\n");
            assert_eq!(seen.get_or_insert(text.clone()), &text, "{kind} {language}");
        }
    }
}
