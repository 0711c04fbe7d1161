//! Mutants of seeds. What a mutant is follows from its number, the seeds and the tokens.

use std::ops::Range;

/// The mutant with this number.
pub(super) fn make(number: u64, seeds: &[Vec<u8>], tokens: &[&[u8]]) -> Vec<u8> {
    let mut dice = Dice(number);
    let mut bytes = dice.pick(seeds).clone();
    // Mostly few changes, or little would get beyond the first check of a reader.
    let most = 1 << dice.roll(4);
    for _ in 0..=dice.roll(most) {
        change(&mut bytes, &mut dice, seeds, tokens);
        bytes.truncate(LONGEST);
    }
    bytes
}

/// One change, anywhere.
fn change(bytes: &mut Vec<u8>, dice: &mut Dice, seeds: &[Vec<u8>], tokens: &[&[u8]]) {
    let at = dice.roll(bytes.len() + 1);
    let piece = dice.piece(bytes);
    let token = tokens[dice.roll(tokens.len())];
    match dice.roll(11) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.roll(8);
            }
        }
        // One more or less, which is what lengths and limits are wrong by.
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = byte.wrapping_add(*dice.pick(&[1, 2, 0xfe, 0xff]));
            }
        }
        2 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = dice.byte();
            }
        }
        3 => bytes.insert(at, dice.byte()),
        4 => drop(bytes.drain(piece)),
        5 => repeat(bytes, at, token, dice),
        // Of the same length, so that what counts bytes still counts right.
        6 => overwrite(&mut bytes[at..], token),
        7 => {
            let piece = bytes[piece].to_vec();
            overwrite(&mut bytes[at..], &piece);
        }
        8 => {
            let piece = bytes[piece].to_vec();
            repeat(bytes, at, &piece, dice);
        }
        9 => {
            let other = dice.pick(seeds);
            bytes.truncate(at);
            bytes.extend(&other[dice.roll(other.len() + 1)..]);
        }
        _ => {
            let other = dice.pick(seeds);
            let theirs = dice.piece(other);
            bytes.splice(piece, other[theirs].iter().copied());
        }
    }
}

/// Puts the text in, once or some times; seldom as many times as some limit may need.
fn repeat(bytes: &mut Vec<u8>, at: usize, text: &[u8], dice: &mut Dice) {
    let most = match dice.roll(32) {
        0 => LONGEST / text.len().max(1),
        1..8 => 8,
        _ => 1,
    };
    let times = 1 + dice.roll(most);
    bytes.splice(at..at, text.repeat(times));
}

/// Puts the text over the beginning of the bytes, as much of it as has room.
fn overwrite(bytes: &mut [u8], text: &[u8]) {
    for (byte, new) in bytes.iter_mut().zip(text) {
        *byte = *new;
    }
}

/// Splitmix64: whatever its seed, its numbers differ.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % sides as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        self.roll(256) as u8
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }

    /// A part of the bytes, more often a short one. Empty if there are none.
    fn piece(&mut self, bytes: &[u8]) -> Range<usize> {
        let from = self.roll(bytes.len() + 1);
        let rest = bytes.len() - from;
        let most = self.roll(rest + 1);
        from..from + self.roll(most + 1)
    }
}

/// Longer than a ClientHello, a header of the PROXY protocol or a frame of HTTP/2 may be.
const LONGEST: usize = 20_000;
