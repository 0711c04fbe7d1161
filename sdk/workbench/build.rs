//! Puts what `tidegate plugin new` and `build` hand out into the binary: templates, the contract,
//! the SDK and the Go package, each as a table of paths and contents.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const TABLES: [(&str, &str); 4] = [
    ("TEMPLATES", "../templates"),
    ("CONTRACT", "../../wit"),
    ("SDK", "../src"),
    ("GO", "go"),
];

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut code = String::new();
    for (name, folder) in TABLES {
        let root = here.join(folder).canonicalize()?;
        println!("cargo:rerun-if-changed={}", root.display());
        let mut files = Vec::new();
        collect(&root, &mut files)?;
        files.sort();
        let _ = writeln!(code, "pub(crate) static {name}: &[(&str, &[u8])] = &[");
        for file in files {
            let path = file.strip_prefix(&root).expect("it lies below");
            let _ = writeln!(code, "    ({:?}, include_bytes!({:?})),", path, file);
        }
        code.push_str("];\n");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), code)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
