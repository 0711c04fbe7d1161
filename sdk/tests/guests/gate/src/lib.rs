//! The filter of the crate's documentation.

use tidegate_sdk::prelude::*;

struct Gate;

impl Filter for Gate {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(Gate)
    }

    fn on_request(&mut self) -> Verdict {
        match request::header("x-ticket") {
            Some(_) => RequestEdits::new().remove("x-ticket").into(),
            None => Reply::new(403).text("a ticket, please\n").into(),
        }
    }
}

export_filter!(Gate);
