//! Requests as a browser sends them, and one choice for each through the real host path.

use anyhow::{Result, anyhow};
use http::Method;
use pingora::http::RequestHeader;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;
use tidegate::upstream::{Picked, Upstream, View, pick};
use tidegate_policy::Outcome;
use tidegate_runtime::HeaderEdit;

/// Different requests of one run: more than a branch predictor learns by heart, few
/// enough for the first-level cache to hold what matters of the one in use.
const COUNT: usize = 64;

/// Fields of a page's request, besides those that differ by client.
const FIELDS: [(&str, &str); 7] = [
    ("host", "shop.example.com"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    ),
    (
        "accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ),
    ("accept-language", "en-US,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("referer", "https://shop.example.com/products?page=2"),
    ("x-request-id", "0b64f2a1-6f3b-4c58-9f0e-1f1a8a0cbb11"),
];

/// Requests that come one after the other, again and again.
pub struct Requests {
    lines: Vec<Line>,
    next: usize,
    /// When all of them began: a choice does not look at the clock, the host has by then.
    began: Instant,
}

struct Line {
    head: RequestHeader,
    /// None only while it is lent to a call.
    view: Option<Box<View>>,
}

impl Requests {
    /// Requests of different clients; `first` makes those of two threads differ.
    pub fn new(first: usize) -> Result<Self> {
        let lines: Result<Vec<Line>> = (first..first + COUNT).map(line).collect();
        Ok(Self {
            lines: lines?,
            next: 0,
            began: Instant::now(),
        })
    }

    /// Gives each client the cookie that the selector sets for it.
    ///
    /// # Errors
    /// When the selector sets none.
    pub fn keep_cookies(&mut self, upstream: &Upstream) -> Result<()> {
        let began = self.began;
        for line in &mut self.lines {
            let picked = line.pick(upstream, began);
            let edits = picked.iter().flat_map(|picked| &picked.response_edits);
            let cookie = edits.filter_map(|edit| match edit {
                HeaderEdit::Append(_, value) => value.to_str().ok()?.split(';').next(),
                _ => None,
            });
            let pair = cookie.last().ok_or_else(|| anyhow!("no cookie was set"))?;
            let others = "theme=dark; session_hint=4f1c77ab; _ga=GA1.2.91823.1719";
            line.head
                .insert_header(http::header::COOKIE, format!("{others}; {pair}"))?;
        }
        Ok(())
    }

    /// One request: its head is lent, an endpoint is chosen and admits it, the head comes
    /// back, and the attempt is settled.
    pub fn serve(&mut self, upstream: &Upstream) {
        let began = self.began;
        if let Some(mut picked) = self.turn().pick(upstream, began) {
            picked.permit.settle(began, Outcome::Success);
        }
    }

    /// The same with an endpoint that `choose` admits, and no plugin.
    pub fn serve_natively(&mut self, mut choose: impl FnMut(&View, Instant) -> Option<Picked>) {
        let began = self.began;
        let line = self.turn();
        let Some(mut view) = line.view.take() else {
            return;
        };
        view.set_attempt(0);
        view.lend(&mut line.head);
        let picked = choose(&view, began);
        view.give_back(&mut line.head);
        line.view = Some(view);
        if let Some(mut picked) = picked {
            picked.permit.settle(began, Outcome::Success);
        }
    }

    fn turn(&mut self) -> &mut Line {
        self.next = (self.next + 1) % COUNT;
        &mut self.lines[self.next]
    }
}

impl Line {
    fn pick(&mut self, upstream: &Upstream, began: Instant) -> Option<Picked> {
        let mut view = self.view.take()?;
        view.set_attempt(0);
        view.lend(&mut self.head);
        let (mut view, picked, fault) = pick::endpoint(upstream, view, &[], began);
        assert!(!fault, "a fault is not what is measured");
        view.give_back(&mut self.head);
        self.view = Some(view);
        picked.ok()
    }
}

fn line(number: usize) -> Result<Line> {
    let mut head = RequestHeader::build(Method::GET, b"/products/1234?ref=home", Some(12))?;
    for (name, value) in FIELDS {
        head.insert_header(name, value)?;
    }
    head.insert_header("x-user", format!("user-{}", 48_000_000 + number * 7_919))?;
    head.insert_header(
        "cookie",
        "theme=dark; session_hint=4f1c77ab; _ga=GA1.2.91823.1719",
    )?;
    let [.., third, fourth] = (number as u32).wrapping_mul(2_654_435_761).to_le_bytes();
    let client = IpAddr::V4(Ipv4Addr::new(192, 0, third, fourth));
    let view = View::new("http", "shop.example.com".into(), client, "web".into());
    Ok(Line {
        head,
        view: Some(view),
    })
}
