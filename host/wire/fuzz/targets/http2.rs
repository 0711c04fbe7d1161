//! Any bytes after the preface: how they are cut makes no difference, and streams are counted
//! as a slow reader counts them.

use std::time::Duration;
use tidegate_wire::http2::{Flood, Guard, Limits, goaway};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const FEW: Limits = Limits {
    pings: 2,
    settings: 2,
    resets: 2,
    empty_data: 2,
    priorities: 2,
    window_updates: 2,
    others: 2,
    window: Duration::from_secs(10),
    continuations: 2,
    header_block: 100,
};

const ENDLESS: Limits = Limits {
    pings: u32::MAX,
    settings: u32::MAX,
    resets: u32::MAX,
    empty_data: u32::MAX,
    priorities: u32::MAX,
    window_updates: u32::MAX,
    others: u32::MAX,
    window: Duration::from_secs(10),
    continuations: u32::MAX,
    header_block: usize::MAX,
};

/// Panics where this is not so.
pub fn check(data: &[u8]) {
    let Some((cut, frames)) = data.split_first() else {
        return;
    };
    let bytes = [PREFACE, frames].concat();
    let now = Duration::from_secs(1);
    for limits in [FEW, Limits::default(), ENDLESS] {
        let (mut whole, mut parts) = (Guard::new(limits), Guard::new(limits));
        let answer = whole.scan(&bytes, now);
        let mut cuts = bytes.chunks(1 + usize::from(*cut));
        let pieces = cuts.try_for_each(|part| parts.scan(part, now));
        assert_eq!(answer, pieces);
        assert_eq!(whole.scan(&[], now), answer);
        assert_eq!(
            (whole.streams(), whole.last_stream()),
            (parts.streams(), parts.last_stream())
        );
        if limits == ENDLESS {
            let (streams, last) = slow(frames);
            let found = (whole.streams(), whole.last_stream());
            match answer {
                Ok(()) | Err(Flood::FrameSize) => assert_eq!(found, (streams, last)),
                // Somewhere in the middle. There are no trailers without a stream.
                Err(Flood::PseudoInTrailers) => {
                    assert!((1..=streams).contains(&found.0) && (1..=last).contains(&found.1));
                }
                Err(other) => panic!("{other:?} without limits"),
            }
        }
    }
    // What is sent in the end is itself a frame.
    let frame = goaway(u32::from(*cut), Flood::Pings.error_code());
    assert_eq!(
        Guard::new(FEW).scan(&[PREFACE, &frame].concat(), now),
        Ok(())
    );
}

/// How many streams whole frame headers open, and the last one.
fn slow(mut frames: &[u8]) -> (u32, u32) {
    let (mut streams, mut last) = (0, 0);
    while frames.len() >= 9 {
        let length = u32::from_be_bytes([0, frames[0], frames[1], frames[2]]) as usize;
        let stream = u32::from_be_bytes([frames[5], frames[6], frames[7], frames[8]]) << 1 >> 1;
        // A padded one counts when the length of its padding is there as well.
        let padded = frames[4] & 0x8 != 0 && length > 0;
        if length > 16_384 || (padded && frames.len() == 9) {
            break;
        }
        if frames[3] == 1 && stream % 2 == 1 && stream > last {
            (streams, last) = (streams + 1, stream);
        }
        frames = &frames[frames.len().min(9 + length)..];
    }
    (streams, last)
}
