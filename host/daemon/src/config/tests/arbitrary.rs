//! No text makes the loader panic, and whatever it refuses it can show.

use proptest::prelude::*;

use super::{WEB, environment, samples};
use crate::config::load_text;

fn load(text: &str) {
    if let Err(problems) = load_text("t.yaml".as_ref(), text, &environment) {
        assert!(!problems.0.is_empty());
        for problem in &problems.0 {
            let place = problem.place.as_ref().expect("a text has places");
            assert!(place.line >= 1 && place.column >= 1, "{problem:?}");
            assert!(!problem.message.is_empty());
        }
        assert_eq!(problems.to_string().lines().count(), problems.0.len());
    }
}

/// What may stand in a sample's place, and hurts most there.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        prop::sample::select(vec![
            "null",
            "~",
            "[]",
            "{}",
            "-1",
            "1e999",
            "0x1f",
            "true",
            "off",
            "${",
            "${WORD}",
            "$$",
            "*endpoints",
            "&a",
            "<<: *endpoints",
            "'",
            "\"",
            "\n",
            "  ",
            "\t",
            ": ",
            ", ",
            "]",
            "}",
            "---\n",
            "!!int ",
            "|\n",
            "é",
            "\u{0}",
            "1: a\n1: b\n",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text(text in any::<String>()) {
        load(&text);
    }

    #[test]
    fn any_text_of_the_letters_of_yaml(text in "[-a:{}\\[\\],\"'&*#|>!%@ $\n\t0-9]{0,80}") {
        load(&text);
        load(&format!("{WEB}{text}"));
    }

    #[test]
    fn a_sample_with_a_piece_replaced(
        sample in prop::sample::select(vec![
            "smallest", "selectors", "routing", "custom-plugin", "production",
        ]),
        at in 0.0..1.0,
        length in 0_usize..40,
        piece in fragment(),
    ) {
        let text = std::fs::read_to_string(samples().join(sample).with_extension("yaml")).unwrap();
        let mut letters: Vec<char> = text.chars().collect();
        let start = (letters.len() as f64 * at) as usize;
        let end = (start + length).min(letters.len());
        letters.splice(start..end, piece.chars());
        load(&letters.into_iter().collect::<String>());
    }
}
