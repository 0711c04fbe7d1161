//! Every sample in `config/` loads as it is, and the schema beside them is the program's.

use super::samples;
use crate::config::{load, schema};

#[test]
fn every_sample_loads_without_an_environment() {
    let mut loaded = 0;
    for entry in std::fs::read_dir(samples()).unwrap() {
        let path = entry.unwrap().path();
        // A list of endpoints, read with the sample that refers to it.
        let list = path.file_stem().is_some_and(|name| name == "endpoints");
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml" && !list)
        {
            if let Err(problems) = load(&path, &|_| None) {
                panic!("{problems}");
            }
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(
                text.starts_with("# yaml-language-server: $schema=schema.json\n"),
                "{path:?}"
            );
            loaded += 1;
        }
    }
    assert!(loaded >= 8, "the samples are gone");
}

#[test]
fn the_readme_leads_to_everything_beside_it() {
    let readme = std::fs::read_to_string(samples().join("README.md")).unwrap();
    for entry in std::fs::read_dir(samples()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known =
            readme.contains(&format!("]({name})")) || readme.contains(&format!("]({name}/"));
        assert!(known || name == "README.md", "nothing leads to {name}");
    }
    for link in readme.split("](").skip(1) {
        let target = link.split([')', '#']).next().unwrap_or_default();
        let outside = target.starts_with("https://");
        assert!(
            outside || samples().join(target).exists(),
            "{target} is not there"
        );
    }
}

#[test]
fn the_schema_file_is_what_the_program_prints() {
    let text = std::fs::read_to_string(samples().join("schema.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(
        file == schema(),
        "write it again: tidegate schema > config/schema.json"
    );
}

#[test]
fn the_schema_knows_every_key_and_no_null() {
    let schema = schema();
    for key in ["listeners", "upstreams", "routes", "keep_alive", "resolver"] {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
    assert_eq!(
        schema["required"],
        serde_json::json!(["listeners", "upstreams"])
    );
    assert_eq!(schema["additionalProperties"], serde_json::json!(false));
    assert!(!schema.to_string().contains("null"));
}
