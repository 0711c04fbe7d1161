//! What `cargo fuzz` checks, see fuzz/targets, on every build: all seeds of its corpus, then
//! mutants of them.
//!
//! A mutant follows from the corpus and a number. `TIDEGATE_FUZZ=n` makes so many for each
//! target, `TIDEGATE_SEED=n` begins with that number. A failure prints the bytes, and the two
//! that bring them back alone.
//!
//! Nothing here sees which code a mutant reaches, or survives a reader that never returns or
//! overflows the stack: finding new ground and such faults is libFuzzer's part. This one keeps
//! what it found.
//!
//! Faults that were planted and found, each by itself and by mutants alone, without the seeds.
//! Paths: an encoded dot that is overlooked, parameters that are not cut off, digits in lower
//! case. `Forwarded`: escaped quotes that end a string, a list read from the left, one hop too
//! many. Bodies: any byte for a line feed, 17 digits, a sum without a bound. Heads: length and
//! coding both, two lengths, a coding in HTTP/1.0, a space before the colon, a host that is not
//! the target's. HTTP/2: a cut within what is looked at, a frame one byte too large, a flood that
//! is forgotten, the reserved bit, streams with even numbers. PROXY: a length or a line without
//! a bound, an address refused when it is cut, addresses too short. TLS: names in upper case or
//! with nothing between dots, a message taken a byte too early, records that replace each other.
//! Not found: a message in so many records that it never ends; a test of the reader finds that.

#[path = "../fuzz/targets/client_hello.rs"]
mod client_hello;
#[path = "../fuzz/targets/forwarded.rs"]
mod forwarded;
#[path = "../fuzz/targets/http1_body.rs"]
mod http1_body;
#[path = "../fuzz/targets/http1_head.rs"]
mod http1_head;
#[path = "../fuzz/targets/http2.rs"]
mod http2;
#[path = "fuzz/mutant.rs"]
mod mutant;
#[path = "../fuzz/targets/path.rs"]
mod path;
#[path = "../fuzz/targets/proxy_protocol.rs"]
mod proxy_protocol;
#[path = "fuzz/tokens.rs"]
mod tokens;

use std::path::Path;

/// Mutants of each target: all of them in less than a second.
const MUTANTS: u64 = 20_000;

#[test]
fn client_hello() {
    fuzz("client_hello", tokens::CLIENT_HELLO, client_hello::check);
}

#[test]
fn forwarded() {
    fuzz("forwarded", tokens::FORWARDED, forwarded::check);
}

#[test]
fn http1_body() {
    fuzz("http1_body", tokens::HTTP1_BODY, http1_body::check);
}

#[test]
fn http1_head() {
    fuzz("http1_head", tokens::HTTP1_HEAD, http1_head::check);
}

#[test]
fn http2() {
    fuzz("http2", tokens::HTTP2, http2::check);
}

#[test]
fn path() {
    fuzz("path", tokens::PATH, path::check);
}

#[test]
fn proxy_protocol() {
    fuzz(
        "proxy_protocol",
        tokens::PROXY_PROTOCOL,
        proxy_protocol::check,
    );
}

/// The same numbers make the same mutants, or no failure could be brought back.
#[test]
fn mutants_come_back() {
    let seeds = corpus("http2");
    let make = |number| mutant::make(number, &seeds, tokens::HTTP2);
    let first: Vec<_> = (0..1000).map(make).collect();
    assert_eq!(first, (0..1000).map(make).collect::<Vec<_>>());
    assert!(first.iter().any(|bytes| bytes.len() > 10_000));
    let mut different = first;
    different.sort();
    different.dedup();
    assert!(different.len() > 900, "{} are different", different.len());
}

fn fuzz(target: &str, tokens: &[&[u8]], check: fn(&[u8])) {
    let seeds = corpus(target);
    for bytes in &seeds {
        let _input = Input { bytes, again: None };
        check(bytes);
    }
    let first = setting("TIDEGATE_SEED").unwrap_or(0);
    let count = setting("TIDEGATE_FUZZ").unwrap_or(MUTANTS);
    for number in (0..count).map(|n| first.wrapping_add(n)) {
        let bytes = &mutant::make(number, &seeds, tokens);
        let again = Some((target, number));
        let _input = Input { bytes, again };
        check(bytes);
    }
    println!(
        "{target}: {} seeds, {count} mutants from {first}",
        seeds.len()
    );
}

/// Says which input it was when a check panics.
struct Input<'a> {
    bytes: &'a [u8],
    /// The target and the number of a mutant.
    again: Option<(&'a str, u64)>,
}

impl Drop for Input<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        eprintln!("the input: b\"{}\"", self.bytes.escape_ascii());
        match self.again {
            Some((target, number)) => eprintln!(
                "run it again with TIDEGATE_SEED={number} TIDEGATE_FUZZ=1 \
                 cargo test -p tidegate-wire --test fuzz {target}"
            ),
            None => eprintln!("it is a seed of the corpus"),
        }
    }
}

/// The seeds of a target, always in the same order.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = folder.read_dir().expect("a folder of seeds");
    let mut files: Vec<_> = files.map(|file| file.expect("a seed").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    let read = |file| std::fs::read(file).expect("a readable seed");
    files.iter().map(read).collect()
}

#[expect(clippy::disallowed_methods, reason = "replays a mutant by hand")]
fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}
