//! Requests, responses, and what upstreams answer to calls out.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use tidegate_testkit::{Failure, Reply};

use crate::scenario::scalar::Text;
use crate::scenario::shape::{HasLong, Short, short};

/// What a client sends. In texts `{n}` is the number of the repetition, from 0.
#[derive(Clone, Debug)]
pub struct Request(pub(crate) Sent);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sent {
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) headers: BTreeMap<String, Body>,
    pub(crate) cookies: BTreeMap<String, Text>,
    pub(crate) client: Option<String>,
    pub(crate) scheme: Option<Scheme>,
    pub(crate) authority: Option<String>,
    pub(crate) route: Option<String>,
    pub(crate) attempt: u32,
    pub(crate) attributes: BTreeMap<String, Text>,
    pub(crate) body: Option<Body>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// One text, or several: the chunks in which a body comes, the fields of one name.
#[derive(Clone, Debug)]
pub(crate) struct Body(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Forms {
            Whole(Text),
            Chunks(Vec<Text>),
        }
        Ok(Self(match Forms::deserialize(deserializer)? {
            Forms::Whole(Text(text)) => vec![text],
            Forms::Chunks(chunks) => chunks.into_iter().map(|chunk| chunk.0).collect(),
        }))
    }
}

impl HasLong for Request {
    type Long = Sent;
}

impl From<Sent> for Request {
    fn from(sent: Sent) -> Self {
        Self(sent)
    }
}

impl Short for Request {
    const EXPECTED: &'static str = "a path, or a request";

    fn short(text: &str) -> Result<Self, String> {
        Ok(Self(Sent {
            path: Some(text.to_owned()),
            ..Sent::default()
        }))
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        short(deserializer)
    }
}

/// What an endpoint answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    pub(crate) status: Option<u16>,
    pub(crate) headers: BTreeMap<String, Text>,
    pub(crate) endpoint: Option<String>,
    pub(crate) body: Option<Body>,
}

/// What an upstream answers to a call out: a reply, or why there is none.
#[derive(Clone, Debug)]
pub struct Upstream(pub(crate) Result<Reply, Failure>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answered {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, Text>,
    #[serde(default)]
    body: String,
}

fn ok() -> u16 {
    200
}

impl HasLong for Upstream {
    type Long = Answered;
}

impl From<Answered> for Upstream {
    fn from(answered: Answered) -> Self {
        let headers = answered.headers.into_iter();
        Self(Ok(Reply {
            status: answered.status,
            headers: headers
                .map(|(name, value)| (name, value.0.into_bytes()))
                .collect(),
            body: answered.body.into_bytes(),
        }))
    }
}

impl Short for Upstream {
    const EXPECTED: &'static str = "a reply, `unavailable`, `timed-out` or `too-large`";

    fn short(text: &str) -> Result<Self, String> {
        match text {
            "unavailable" => Ok(Self(Err(Failure::Unavailable))),
            "timed-out" => Ok(Self(Err(Failure::TimedOut))),
            "too-large" => Ok(Self(Err(Failure::TooLarge))),
            _ => Err(format!("expected {}, found `{text}`", Self::EXPECTED)),
        }
    }
}

impl<'de> Deserialize<'de> for Upstream {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        short(deserializer)
    }
}
