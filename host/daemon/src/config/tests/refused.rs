//! What an operator reads, to the letter. `refused.txt` holds the cases: a title, the file,
//! and after `--` what is said about it; `@WEB` stands for the smallest file, and `@FILE NAME`
//! begins a file beside it. Change a text there only to make it more helpful.

use super::{WEB, refuse_beside};

#[test]
fn every_problem_is_told_with_its_place_and_what_to_do() {
    let cases: Vec<_> = include_str!("refused.txt").split("== ").skip(1).collect();
    assert!(cases.len() >= 45, "the cases are gone");
    let mut wrong = String::new();
    for case in cases {
        let (title, case) = case.split_once('\n').expect("a title");
        let (file, expected) = case
            .split_once("\n--\n")
            .expect("a file, `--`, and what is said");
        let text = format!("{file}\n").replace("@WEB\n", WEB);
        let mut files = text.split("@FILE ");
        let configuration = files.next().unwrap_or_default();
        let beside: Vec<_> = files
            .map(|file| file.split_once('\n').expect("a name"))
            .collect();
        let told = refuse_beside(configuration, &beside);
        if told != expected.trim_end() {
            wrong += &format!("== {title}\n{file}\n--\n{told}\n\n");
        }
    }
    assert!(
        wrong.is_empty(),
        "these are told differently now:\n\n{wrong}"
    );
}
