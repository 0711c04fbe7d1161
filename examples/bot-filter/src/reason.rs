//! Why a request is taken for one of a program, and how many were.

use tidegate_sdk::metrics::Counter;

/// What was found, the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Calls itself by the name of a good program, from an address that is not of it.
    Impostor,
    /// The name is one of the bad.
    Agent,
    /// A field is missing that browsers send.
    Fields,
    /// Asks too often.
    Rate,
}

impl Reason {
    /// As in the attribute and in the names of the series.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Impostor => "impostor",
            Reason::Agent => "agent",
            Reason::Fields => "fields",
            Reason::Rate => "rate",
        }
    }
}

/// A series for each reason, and one for the good.
pub struct Counts {
    reasons: [Counter; 4],
    pub good: Counter,
}

impl Counts {
    pub fn open() -> Self {
        let open = |name: &str, help: &str| Counter::open(&format!("bots_{name}"), help);
        let of = |reason: Reason, help| open(reason.name(), help);
        Counts {
            reasons: [
                of(
                    Reason::Impostor,
                    "Requests by a good name from a wrong address",
                ),
                of(Reason::Agent, "Requests by a bad name"),
                of(
                    Reason::Fields,
                    "Requests without a field that browsers send",
                ),
                of(Reason::Rate, "Requests of clients that ask too often"),
            ],
            good: open("good", "Requests of programs that are welcome"),
        }
    }

    pub fn add(&self, reason: Reason) {
        self.reasons[reason as usize].add(1);
    }
}
