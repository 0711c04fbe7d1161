//! Random requests: whole, in pieces and damaged.

use super::generate::{chunked, heads};
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// One byte put in, taken out or put in the place of another.
#[derive(Clone, Debug)]
enum Damage {
    Insert(u8),
    Remove,
    Replace(u8),
}

fn damage() -> impl Strategy<Value = (Index, Damage)> {
    // Those that parsers stumble over, more often than others.
    let byte = || {
        prop_oneof![
            3 => proptest::sample::select(b"\r\n \t:,;0159axAX/*@[]?#%\0\x0b\x7f\x80_-.+\"".to_vec()),
            1 => any::<u8>(),
        ]
    };
    let kind = prop_oneof![
        byte().prop_map(Damage::Insert),
        Just(Damage::Remove),
        byte().prop_map(Damage::Replace),
    ];
    (any::<Index>(), kind)
}

fn damaged(mut text: Vec<u8>, damage: &[(Index, Damage)]) -> Vec<u8> {
    for (place, damage) in damage {
        if text.is_empty() {
            break;
        }
        let at = place.index(text.len());
        match damage {
            Damage::Insert(byte) => text.insert(at, *byte),
            Damage::Remove => drop(text.remove(at)),
            Damage::Replace(byte) => text[at] = *byte,
        }
    }
    text
}

fn cuts(places: &[Index], length: usize) -> Vec<usize> {
    let mut cuts: Vec<_> = places.iter().map(|place| place.index(length + 1)).collect();
    cuts.sort_unstable();
    cuts
}

fn limits() -> impl Strategy<Value = Limits> {
    (0..200usize, 0..40usize, 0..6usize).prop_map(|(head, target, fields)| Limits {
        head,
        target,
        fields,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Catches: a valid request that is refused, a length that is off by a line end, a body
    /// that is taken for another, bytes behind the head that are looked at.
    #[test]
    fn a_valid_head_passes_with_what_it_says(valid in heads(), behind in vec(any::<u8>(), 0..20)) {
        prop_assert_eq!(scan(&valid.text), Ok(Some(valid.head)));
        prop_assert_eq!(scan([valid.text, behind].concat()), Ok(Some(valid.head)));
    }

    /// Catches: a rule that a damaged byte gets around, by which what passes is not what the
    /// rules once more, see [`model`], make of it; and a rule that refuses too much.
    #[test]
    fn a_damaged_head_is_refused_or_is_a_valid_one(
        valid in heads(),
        damage in vec(damage(), 1..3),
    ) {
        let text = damaged(valid.text, &damage);
        let said = scan(&text).ok().flatten();
        prop_assert_eq!(said, model::head(&text, &LIMITS), "{}", text.escape_ascii());
    }

    /// Catches: a place that is forgotten between two calls, a carriage return whose line
    /// feed comes later, a limit that counts what has come and not what was read, a verdict
    /// on a line that looks behind its end.
    #[test]
    fn it_makes_no_difference_where_a_head_is_cut(
        valid in heads(),
        damage in vec(damage(), 0..3),
        places in vec(any::<Index>(), 0..6),
        limits in prop_oneof![Just(LIMITS), limits()],
    ) {
        let text = damaged(valid.text, &damage);
        let whole = scan_in_pieces(&text, [], &limits);
        let places = cuts(&places, text.len());
        prop_assert_eq!(scan_in_pieces(&text, places, &limits), whole);
        prop_assert_eq!(scan_in_pieces(&text, 0..text.len(), &limits), whole);
        prop_assert_eq!(whole.ok().flatten(), model::head(&text, &limits));
    }

    /// Catches: an end that is found too early or too late, content that is miscounted, and
    /// a byte of the next request that is taken for one of this.
    #[test]
    fn a_chunked_body_ends_where_it_ends(
        (text, content) in chunked(),
        next in vec(any::<u8>(), 0..20),
        places in vec(any::<Index>(), 0..6),
    ) {
        let expected = Ok(Some((text.len(), content)));
        let followed = [&text[..], &next].concat();
        let places = cuts(&places, followed.len());
        prop_assert_eq!(follow(Body::Chunked, &text, [], &LIMITS), expected);
        prop_assert_eq!(follow(Body::Chunked, &followed, [], &LIMITS), expected);
        prop_assert_eq!(follow(Body::Chunked, &followed, places, &LIMITS), expected);
        prop_assert_eq!(follow(Body::Chunked, &followed, 0..followed.len(), &LIMITS), expected);
        prop_assert_eq!(follow(Body::Chunked, &text[..text.len() - 1], [], &LIMITS), Ok(None));
    }

    /// As for heads.
    #[test]
    fn a_damaged_chunked_body_is_refused_or_is_a_valid_one(
        (text, _) in chunked(),
        damage in vec(damage(), 1..3),
        places in vec(any::<Index>(), 0..6),
        limits in prop_oneof![Just(LIMITS), limits()],
    ) {
        let text = damaged(text, &damage);
        let whole = follow(Body::Chunked, &text, [], &limits);
        let shown = text.escape_ascii();
        prop_assert_eq!(whole.ok().flatten(), model::chunks(&text, &limits), "{}", shown);
        let places = cuts(&places, text.len());
        prop_assert_eq!(follow(Body::Chunked, &text, places, &limits), whole);
        prop_assert_eq!(follow(Body::Chunked, &text, 0..text.len(), &limits), whole);
    }

    /// Catches: an index out of bounds, a subtraction below zero.
    #[test]
    fn no_bytes_make_it_panic(
        bytes in vec(any::<u8>(), 0..200),
        length in any::<u64>(),
        limits in limits(),
    ) {
        let said = scan_in_pieces(&bytes, [], &limits);
        prop_assert_eq!(said.ok().flatten(), model::head(&bytes, &limits));
        let _ = follow(Body::Chunked, &bytes, [], &limits);
        let body = Body::Length(length);
        prop_assert_eq!(
            follow(body, &bytes, [], &limits).map(|end| end.is_some()),
            Ok(length <= bytes.len() as u64)
        );
    }
}
