//! Breaks one bound of the sandbox, as its configuration says: `tidegate check` runs it with the
//! bounds of the operator's file and tells whether each of them held.

use serde::Deserialize;
use tidegate_sdk::prelude::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    misdeed: Misdeed,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Misdeed {
    /// Never ends.
    Deadline,
    /// Asks for memory until there is none.
    Memory,
    /// Calls itself without end.
    Stack,
    /// Writes ten thousand lines.
    Log,
    /// Keeps values until it may not; answers how many bytes.
    State,
    /// Calls an upstream that nobody granted; answers what came of it.
    Callout,
}

struct Limits(Misdeed);

impl Filter for Limits {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        Ok(Limits(config.misdeed))
    }

    fn on_request(&mut self) -> Verdict {
        match self.0 {
            Misdeed::Deadline => loop {
                std::hint::black_box(());
            },
            Misdeed::Memory => loop {
                // Not written to: what is asked for need not be there.
                std::mem::forget(std::hint::black_box(Vec::<u8>::with_capacity(1 << 20)));
            },
            Misdeed::Stack => said(deeper(1).to_string()),
            Misdeed::Log => {
                (0..10_000).for_each(|line| log::error!("line {line} of a flood, on purpose"));
                Verdict::Pass
            }
            Misdeed::State => said(filled().to_string()),
            Misdeed::Callout => {
                let answer = http_client::get("nobody-granted-this", "/").send();
                let denied = answer == Err(http_client::Failure::Denied);
                said(if denied { "denied" } else { "sent" }.to_owned())
            }
        }
    }
}

fn said(text: String) -> Verdict {
    Reply::new(200).text(text).into()
}

#[expect(unconditional_recursion, reason = "on purpose")]
fn deeper(depth: u64) -> u64 {
    std::hint::black_box(deeper(std::hint::black_box(depth + 1)) + 1)
}

/// Bytes of values that `state` took.
fn filled() -> usize {
    const VALUE: [u8; 4096] = [0; 4096];
    let kept = (0..1 << 20).take_while(|n| state::set(&n.to_string(), &VALUE, None).is_ok());
    kept.count() * VALUE.len()
}

export_filter!(Limits);
