//! A selector that does what the header `x-do` says, however bad: for the tests of the
//! testkit, which build it. `configure` and `update` do what their keys in the configuration
//! say.

use serde::Deserialize;
use tidegate_sdk::prelude::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    configure: Option<String>,
    update: Option<String>,
}

struct Obedient {
    update: Option<String>,
    addresses: Vec<String>,
    asked: state::Counter,
    seen: metrics::Counter,
}

impl Selector for Obedient {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        if config.configure.as_deref() == Some("refuse") {
            return Err("configure: told to refuse".to_owned());
        }
        config.configure.as_deref().map(act);
        Ok(Obedient {
            update: config.update,
            addresses: Vec::new(),
            asked: state::Counter::open("asked"),
            seen: metrics::Counter::open("seen", "Calls of select."),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        self.update.as_deref().map(act);
        self.addresses = endpoints
            .into_iter()
            .map(|endpoint| endpoint.address)
            .collect();
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        self.seen.add(1);
        let order = String::from_utf8(request::header("x-do")?).ok()?;
        match order.split_once(' ') {
            Some(("choose", position)) => Some(Choice::at(position.parse().ok()?)),
            Some(("edit", name)) => Some(Choice::at(0).with(HeaderEdit::set(name, "value"))),
            None if order == "count" => Some(answer(self.asked.add(1).to_string())),
            None if order == "look" => Some(answer(self.look(excluded))),
            _ => {
                act(&order);
                None
            }
        }
    }
}

impl Obedient {
    fn look(&self, excluded: &Excluded) -> String {
        format!(
            "{} {}://{}{} q={:?} client={} route={} attempt={} note={:?} cookie={:?} \
             to={} load={:?}/{} latency={:?} not={}",
            request::method(),
            request::scheme(),
            request::authority(),
            request::path(),
            request::query_parameter("q"),
            request::client_address(),
            request::route(),
            request::attempt(),
            request::attribute("note"),
            request::cookie("id"),
            self.addresses.join(","),
            load::in_flight(),
            load::total(),
            load::latency(),
            excluded.len(),
        )
    }
}

fn answer(text: String) -> Choice {
    Choice::at(0).with(HeaderEdit::set("x-answer", text))
}

fn act(order: &str) {
    match order.split_once(' ').unwrap_or((order, "")) {
        ("panic", _) => deliberately_panicking(),
        ("loop", _) => loop {
            std::hint::black_box(order);
        },
        ("grow", _) => {
            let mut hoard = Vec::new();
            loop {
                // Not written to: that would take longer than a call may.
                hoard.push(std::hint::black_box(Vec::<u8>::with_capacity(1 << 20)));
            }
        }
        ("print", count) => {
            for line in 0..count.parse().unwrap_or(0) {
                println!("line {line}");
            }
            eprint!("no newline");
        }
        ("log", _) => {
            log::debug!("a detail");
            log::warn!("a\nwarning");
        }
        _ => {}
    }
}

#[inline(never)]
fn deliberately_panicking() {
    panic!("told to panic");
}

export!(Obedient);
