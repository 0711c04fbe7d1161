//! No text makes the loader panic, and whatever it refuses it can show.

use proptest::prelude::*;

use super::{WEB, samples};

/// What stands beside a configuration.
const ENDPOINTS: &str = "- 127.0.0.1:8001\n- { address: localhost:8003, weight: 2 }\n";

fn load(text: &str) {
    load_beside(text, ENDPOINTS);
}

fn load_beside(text: &str, endpoints: &str) {
    if let Err(problems) = super::load("t.yaml", text, &[("endpoints.yaml", endpoints)]) {
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
            "0%",
            "5xx",
            "502-504",
            "1h",
            "localhost:80",
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
    fn any_list_of_endpoints(text in any::<String>(), piece in fragment(), at in 0..ENDPOINTS.len()) {
        let web = WEB.replace("endpoints: [127.0.0.1:8001]", "endpoints_from: endpoints.yaml");
        load_beside(&web, &text);
        load_beside(&web, &format!("{}{piece}{}", &ENDPOINTS[..at], &ENDPOINTS[at..]));
    }

    #[test]
    fn a_sample_with_a_piece_replaced(
        sample in prop::sample::select(vec![
            "smallest", "selectors", "routing", "custom-plugin", "resilience", "discovery",
            "filters", "production",
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
