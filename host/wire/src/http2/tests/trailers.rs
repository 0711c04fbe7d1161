//! Pseudo-header fields in trailers, in random blocks.

use super::encoder::{Encoder, Field, ordinary, pseudo};
use super::*;
use proptest::sample::Index;

/// How a block is put into frames: their sizes, bytes of padding, whether there is a priority.
type Frames = (Vec<usize>, Option<u8>, bool);

fn frames() -> impl Strategy<Value = Frames> {
    let sizes = prop::collection::vec(prop_oneof![0..20usize, 0..16_000usize], 0..4);
    (sizes, prop::option::of(0..20u8), any::<bool>())
}

fn in_frames(stream: u32, mut block: &[u8], (sizes, padding, weighed): &Frames) -> Vec<u8> {
    let (mut bytes, mut kind) = (Vec::new(), HEADERS);
    // The rest is shared out, since a frame holds no more.
    for size in sizes.iter().copied().chain(std::iter::repeat(16_000)) {
        let (now, later) = block.split_at(size.min(block.len()));
        let is_last = later.is_empty() && size == 16_000;
        let mut flags = if is_last { END_HEADERS } else { 0 };
        let mut payload = Vec::new();
        if kind == HEADERS {
            if let Some(padding) = padding {
                flags |= PADDED;
                payload.push(*padding);
            }
            if *weighed {
                flags |= WEIGHED;
                payload.extend([0x82; 5]);
            }
        }
        payload.extend(now);
        if kind == HEADERS {
            payload.extend(vec![0x82; padding.unwrap_or(0).into()]);
        }
        bytes.extend(frame(kind, flags, stream, &payload));
        (block, kind) = (later, CONTINUATION);
        if is_last {
            break;
        }
    }
    bytes
}

/// No floods of other kinds.
const ENDLESS: Limits = Limits {
    empty_data: u32::MAX,
    continuations: u32::MAX,
    header_block: usize::MAX,
    ..THREE
};

/// What is said of the bytes, which must be the same however they are cut.
fn said_of(bytes: &[u8], cuts: &[usize]) -> Result<(), Flood> {
    let answer = guard(ENDLESS).scan(bytes, second(1));
    let (mut cut, mut rest, mut said) = (guard(ENDLESS), bytes, Ok(()));
    for size in cuts.iter().cycle() {
        let (part, later) = rest.split_at(rest.len().min(*size));
        said = said.and(cut.scan(part, second(1)));
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!(said, answer, "{cuts:?}");
    answer
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![Just(vec![1]), prop::collection::vec(1..60usize, 1..20)]
}

fn any_field() -> impl Strategy<Value = Field> {
    prop_oneof![2 => ordinary(), 1 => pseudo()]
}

fn block(encoder: &mut Encoder, fields: &[Field]) -> (Vec<u8>, bool) {
    let mut block = Vec::new();
    let pseudo = fields.iter().map(|field| encoder.write(field, &mut block));
    let any = pseudo.fold(false, |any, pseudo| any | pseudo);
    (block, any)
}

proptest! {
    /// Ordinary trailers pass; with one pseudo-header field in any place they do not; as a
    /// request they may have it. Catches: a representation that is not walked to its end, a
    /// string read as fields, one place of a block or kind of a name that is not looked at.
    #[test]
    fn one_in_any_place_is_found(
        mut fields in prop::collection::vec(ordinary(), 0..12),
        one in pseudo(),
        place in any::<Index>(),
        (frames, cuts) in (frames(), cuts()),
    ) {
        let (ordinary, any) = block(&mut Encoder::new(), &fields);
        prop_assert!(!any);
        let passed = [headers(1), in_frames(1, &ordinary, &frames)].concat();
        prop_assert_eq!(said_of(&passed, &cuts), Ok(()));
        fields.insert(place.index(fields.len() + 1), one);
        let (malformed, _) = block(&mut Encoder::new(), &fields);
        let found = [headers(1), in_frames(1, &malformed, &frames)].concat();
        prop_assert_eq!(said_of(&found, &cuts), Err(Flood::PseudoInTrailers));
        let request = [headers(1), in_frames(3, &malformed, &frames)].concat();
        prop_assert_eq!(said_of(&request, &cuts), Ok(()));
    }

    /// Against a dynamic table with sizes, over many requests. Catches: an entry counted that
    /// was not inserted, or the other way around, and all that is carried over from one block
    /// to another.
    #[test]
    fn names_in_the_dynamic_table_are_known(
        messages in prop::collection::vec(
            (prop::collection::vec(any_field(), 0..40), frames(), any::<bool>()),
            0..12,
        ),
        cuts in cuts(),
    ) {
        let mut encoder = Encoder::new();
        let (mut bytes, mut stream) = (Vec::new(), 1);
        for (fields, frames, trailers) in &messages {
            let (block, any) = block(&mut encoder, fields);
            let trailers = *trailers && stream > 1;
            if !trailers {
                stream += 2;
            }
            bytes.extend(in_frames(stream, &block, frames));
            bytes.extend(frame(DATA, 0, stream, &[0x82; 10]));
            let expected = if trailers && any { Err(Flood::PseudoInTrailers) } else { Ok(()) };
            prop_assert_eq!(said_of(&bytes, &cuts), expected);
            if expected.is_err() {
                return Ok(());
            }
        }
    }

    /// Catches: an overflow, or an end, that only a broken block comes to.
    #[test]
    fn no_block_panics(
        block in prop::collection::vec(
            prop_oneof![Just(0xffu8), Just(0x7f), Just(0), 0..0x20u8, any::<u8>()],
            0..200,
        ),
        (frames, cuts) in (frames(), cuts()),
        after in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let request = [headers(1), in_frames(3, &block, &frames)].concat();
        prop_assert_eq!(said_of(&request, &cuts), Ok(()));
        let trailers = [request, in_frames(1, &block, &frames), headers(5), after].concat();
        let _ = said_of(&trailers, &cuts);
    }
}
