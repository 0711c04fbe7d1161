//! Valid requests, with what a reader must find in them.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;

/// A head and what it says.
#[derive(Clone, Debug)]
pub(super) struct Valid {
    pub(super) text: Vec<u8>,
    pub(super) head: Head,
}

/// A request line without its version, and what comes of it.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    form: TargetForm,
    authority: Option<String>,
}

/// Field lines of one kind, and what comes of them.
#[derive(Clone, Debug)]
struct Ends {
    lines: &'static [&'static str],
    keep_alive: Option<bool>,
    upgrade_option: bool,
}

/// How many empty lines, the version, and whether there are `Upgrade` and `Expect`.
type Flags = (usize, u8, bool, bool);

/// Heads of all kinds within [`LIMITS`].
pub(super) fn heads() -> impl Strategy<Value = Valid> {
    let other = (
        "[!#$%&'*+.^_`|~0-9A-Za-z]{1,3}-X",
        "[ \t!-~\u{a0}-\u{ff}]{0,20}",
    );
    let others = prop::collection::vec(other, 0..6);
    let flags = (0..3usize, 0..2u8, any::<bool>(), any::<bool>());
    (line(), flags, body(), ends(), others).prop_flat_map(build)
}

fn build(
    (line, flags, body, ends, others): (Line, Flags, Body, Ends, Vec<(String, String)>),
) -> impl Strategy<Value = Valid> {
    let (empty, minor, upgrade, expect) = flags;
    let is_connect = line.form == TargetForm::Authority;
    let body = match body {
        _ if is_connect => Body::None,
        // There is none in HTTP/1.0.
        Body::Chunked if minor == 0 => Body::None,
        body => body,
    };
    let mut lines: Vec<String> = ends.lines.iter().map(ToString::to_string).collect();
    lines.extend(
        others
            .into_iter()
            .map(|(name, value)| format!("{name}:{value}")),
    );
    lines.extend(match body {
        Body::None => None,
        Body::Length(length) => Some(format!("content-LENGTH: {length} ")),
        Body::Chunked => Some("Transfer-Encoding:chunkeD".to_owned()),
    });
    lines.extend(upgrade.then(|| "upgrade: websocket".to_owned()));
    lines.extend(expect.then(|| "EXPECT: 100-Continue".to_owned()));
    let host = line.authority.as_deref().unwrap_or("[::1]:8080");
    if minor == 1 || !host.len().is_multiple_of(2) {
        lines.push(format!("hosT:  {}", host.to_ascii_uppercase()));
    }
    Just(lines).prop_shuffle().prop_map(move |lines| {
        let start = "\r\n".repeat(empty);
        let fields: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let text = format!("{start}{} HTTP/1.{minor}\r\n{fields}\r\n", line.text);
        // Letters are bytes here: those up to 0xff.
        let text: Vec<u8> = text.chars().map(|c| c as u8).collect();
        let upgraded = upgrade && minor == 1 && ends.upgrade_option;
        let head = Head {
            skipped: start.len(),
            length: text.len(),
            body,
            minor,
            form: line.form,
            is_head: line.text.starts_with("HEAD "),
            is_connect,
            keep_alive: ends.keep_alive.unwrap_or(minor == 1),
            upgrade: upgraded,
            stray_upgrade: upgrade && !upgraded,
            expects_continue: expect && minor == 1,
        };
        Valid { text, head }
    })
}

fn line() -> impl Strategy<Value = Line> {
    let method = || {
        prop_oneof![
            4 => select(vec!["GET", "HEAD", "POST", "OPTIONS"]).prop_map(str::to_owned),
            1 => "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}"
                .prop_filter("asks for another form", |method| method != "CONNECT"),
        ]
    };
    let host = || {
        select(vec![
            "a",
            "a.example:80",
            "[2001:db8::1]",
            "b_c~-.:",
            "127.0.0.1:0",
        ])
    };
    let path = || "(/[!$-;=?-Z_a-z|{}~\\[\\]]{0,12}){1,2}";
    let made = |text, form, authority: Option<&str>| Line {
        text,
        form,
        authority: authority.map(str::to_owned),
    };
    prop_oneof![
        6 => (method(), path())
            .prop_map(move |(method, path)| made(format!("{method} {path}"), TargetForm::Origin, None)),
        2 => (method(), host(), path(), select(vec!["http", "https"])).prop_map(
            move |(method, host, path, scheme)| {
                let text = format!("{method} {scheme}://{host}{path}");
                made(text, TargetForm::Absolute, Some(host))
            }
        ),
        1 => select(vec!["a:443", "[::1]:1"]).prop_map(
            move |host| made(format!("CONNECT {host}"), TargetForm::Authority, Some(host))
        ),
        1 => Just(made("OPTIONS *".to_owned(), TargetForm::Asterisk, None)),
    ]
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        Just(Body::None),
        (0..=i64::MAX as u64).prop_map(Body::Length),
        (0..100u64).prop_map(Body::Length),
        Just(Body::Chunked),
    ]
}

fn ends() -> impl Strategy<Value = Ends> {
    let made = |lines, keep_alive, upgrade_option| Ends {
        lines,
        keep_alive,
        upgrade_option,
    };
    select(vec![
        made(&[], None, false),
        made(&["Connection: close"], Some(false), false),
        made(&["connection: Keep-Alive,, te"], Some(true), false),
        made(&["Connection: upgrade"], None, true),
        made(
            &["Connection: a,Upgrade", "CONNECTION:\tclose "],
            Some(false),
            true,
        ),
        made(
            &["Connection:", "Connection: keep-alive , close"],
            Some(false),
            false,
        ),
    ])
}

/// Bodies in chunks, and how much content they have.
pub(super) fn chunked() -> impl Strategy<Value = (Vec<u8>, u64)> {
    let chunk = (
        prop::collection::vec(any::<u8>(), 1..40),
        0..4usize,
        any::<bool>(),
    );
    let chunks = prop::collection::vec(chunk, 0..6);
    let trailer = ("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,25}-X", "[ \t!-~]{0,10}");
    let trailers = prop::collection::vec(trailer, 0..3);
    (chunks, trailers, 1..17usize).prop_map(|(chunks, trailers, zeros)| {
        let mut text = Vec::new();
        let mut content = 0;
        for (chunk, zeros, upper) in chunks {
            let size = format!("{}{:x}", "0".repeat(zeros), chunk.len());
            let size = if upper { size.to_uppercase() } else { size };
            text.extend([size.as_bytes(), b"\r\n", &chunk, b"\r\n"].concat());
            content += chunk.len() as u64;
        }
        text.extend_from_slice("0".repeat(zeros).as_bytes());
        text.extend_from_slice(b"\r\n");
        for (name, value) in trailers {
            text.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
        }
        text.extend_from_slice(b"\r\n");
        (text, content)
    })
}
