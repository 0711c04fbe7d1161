//! What a client is told that has asked too often.

use std::time::Duration;

use tidegate_sdk::Reply;

/// The limit, as a client sees it: so many requests in so many seconds.
pub struct Policy {
    quota: u32,
    /// In which an empty bucket is filled.
    window: u64,
}

impl Policy {
    pub fn new(rate: f64, burst: u32) -> Self {
        let window = f64::from(burst) / rate;
        Policy {
            quota: burst,
            window: window.ceil().max(1.0) as u64,
        }
    }

    /// The answer to a request whose token is there in so long.
    pub fn refuse(&self, wait: Duration) -> Reply {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        let Policy { quota, window } = self;
        Reply::new(429)
            .header("retry-after", seconds.to_string())
            .header(
                "ratelimit-policy",
                format!("\"default\";q={quota};w={window}"),
            )
            .header("ratelimit", format!("\"default\";r=0;t={seconds}"))
            .text("too many requests\n")
    }
}
