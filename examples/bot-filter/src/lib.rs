//! Takes requests for those of programs by their names, by what they lack, and by how often they
//! come; refuses them, or leaves a mark for others to act by.
//!
//! Who is welcome is known by name **and** address: a name alone is what the client says. All of
//! this finds the lazy ones. A program that sends what a browser sends, slowly, is not found.

mod agent;
mod config;
mod network;
mod reason;

use std::net::IpAddr;
use std::time::Duration;

use tidegate_sdk::config::FieldName;
use tidegate_sdk::prelude::*;

use agent::Agent;
use config::{Config, Good, Mode};
use reason::{Counts, Reason};

struct BotFilter {
    config: Config,
    bucket: Option<state::Bucket>,
    counts: Counts,
}

/// What a request is.
enum Found {
    Good,
    Nothing,
    /// And how long the client is to wait, if that helps.
    Bot(Reason, Option<Duration>),
}

impl Filter for BotFilter {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        let bucket = config.check()?;
        Ok(BotFilter {
            config,
            bucket,
            counts: Counts::open(),
        })
    }

    fn on_request(&mut self) -> Verdict {
        let mark = |what: &str| RequestEdits::new().attribute("bot", what).into();
        match self.find() {
            Found::Nothing => Verdict::Pass,
            Found::Good => {
                self.counts.good.add(1);
                mark("good")
            }
            Found::Bot(reason, wait) => {
                self.counts.add(reason);
                match self.config.mode {
                    Mode::Mark => mark(reason.name()),
                    Mode::Block => refuse(wait).into(),
                }
            }
        }
    }
}

impl BotFilter {
    fn find(&self) -> Found {
        let field = request::header("user-agent").unwrap_or_default();
        let agent = Agent::new(&field);
        let client = request::client_address();
        let address = client.parse::<IpAddr>().ok();
        let from = |good: &Good| {
            address.is_some_and(|address| good.from.iter().any(|network| network.contains(address)))
        };
        let mut named = self
            .config
            .good
            .iter()
            .filter(|good| good.agent.matches(&agent))
            .peekable();
        if named.peek().is_some() {
            return match named.any(from) {
                true => Found::Good,
                false => Found::Bot(Reason::Impostor, None),
            };
        }
        if self
            .config
            .agents
            .iter()
            .any(|pattern| pattern.matches(&agent))
        {
            return Found::Bot(Reason::Agent, None);
        }
        let lacks = |name: &FieldName| request::header(name).is_none_or(|value| value.is_empty());
        if self.config.fields.iter().any(lacks) {
            return Found::Bot(Reason::Fields, None);
        }
        let subscriber = address.map_or(client, network::subscriber);
        match self
            .bucket
            .as_ref()
            .map(|bucket| bucket.take(&subscriber, 1))
        {
            Some(Err(wait)) => Found::Bot(Reason::Rate, Some(wait)),
            Some(Ok(())) | None => Found::Nothing,
        }
    }
}

/// Who asks too often may come again; who is not wanted is told no more than that.
fn refuse(wait: Option<Duration>) -> Reply {
    match wait {
        None => Reply::new(403).text("not for programs\n"),
        Some(wait) => {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            let reply = Reply::new(429).header("retry-after", seconds.to_string());
            reply.text("too many requests\n")
        }
    }
}

export_filter!(BotFilter);

#[cfg(test)]
mod tests;
