//! What is allowed to whom, and the fields that say so.

use std::time::Duration;

use serde::Deserialize;
use tidegate_sdk::config::FieldName;

use crate::origin::Pattern;

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    allow_origins: Vec<String>,
    #[serde(default = "simple_methods")]
    allow_methods: Vec<FieldName>,
    #[serde(default)]
    allow_headers: Headers,
    #[serde(default)]
    expose_headers: Vec<FieldName>,
    #[serde(default)]
    credentials: bool,
    #[serde(default, deserialize_with = "tidegate_sdk::config::optional_duration")]
    max_age: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a list of names of fields, or \"*\"")]
enum Headers {
    Listed(Vec<FieldName>),
    All(All),
}

#[derive(Deserialize)]
enum All {
    #[serde(rename = "*")]
    All,
}

impl Default for Headers {
    fn default() -> Self {
        Headers::Listed(Vec::new())
    }
}

/// A field of a response.
type Field = (&'static str, String);

/// The rule, and its fields as far as they are the same for everybody.
pub struct Allowed {
    /// None: every origin.
    origins: Option<Vec<Pattern>>,
    credentials: bool,
    preflight: Vec<Field>,
    expose: Option<Field>,
}

impl Allowed {
    pub fn new(config: Config) -> Result<Self, String> {
        let origins = origins(&config.allow_origins, config.credentials)?;
        let mut preflight = vec![(
            "access-control-allow-methods",
            list(&config.allow_methods).to_ascii_uppercase(),
        )];
        match &config.allow_headers {
            Headers::Listed(names) if names.is_empty() => (),
            Headers::Listed(names) => preflight.push(("access-control-allow-headers", list(names))),
            Headers::All(All::All) if config.credentials => {
                return Err(
                    "allow_headers: with credentials browsers take \"*\" for a name: \
                     list the fields"
                        .to_owned(),
                );
            }
            Headers::All(All::All) => {
                preflight.push((
                    "access-control-allow-headers",
                    "*, authorization".to_owned(),
                ));
            }
        }
        if let Some(age) = config.max_age {
            preflight.push(("access-control-max-age", age.as_secs().to_string()));
        }
        let expose = list(&config.expose_headers);
        Ok(Allowed {
            origins,
            credentials: config.credentials,
            preflight,
            expose: (!expose.is_empty()).then_some(("access-control-expose-headers", expose)),
        })
    }

    /// The fields that answer a preflight; none for an origin that is not allowed.
    pub fn preflight(&self, origin: Option<&str>) -> Vec<Field> {
        let mut fields = self.to(origin);
        if !fields.is_empty() {
            fields.extend(self.preflight.iter().cloned());
        }
        fields
    }

    /// The fields of any other response; none for an origin that is not allowed.
    pub fn actual(&self, origin: Option<&str>) -> Vec<Field> {
        let mut fields = self.to(origin);
        if !fields.is_empty() {
            fields.extend(self.expose.clone());
        }
        fields
    }

    /// Whether the answer depends on who asks.
    pub fn varies(&self) -> bool {
        self.origins.is_some()
    }

    fn to(&self, origin: Option<&str>) -> Vec<Field> {
        let allowed = match (&self.origins, origin) {
            (None, _) => "*",
            (Some(patterns), Some(origin)) if patterns.iter().any(|it| it.matches(origin)) => {
                origin
            }
            _ => return Vec::new(),
        };
        let mut fields = vec![("access-control-allow-origin", allowed.to_owned())];
        if self.credentials {
            fields.push(("access-control-allow-credentials", "true".to_owned()));
        }
        fields
    }
}

fn origins(written: &[String], credentials: bool) -> Result<Option<Vec<Pattern>>, String> {
    let everybody = written.iter().any(|origin| origin == "*");
    match written.len() {
        0 => {
            return Err(
                "allow_origins: nobody is allowed: list origins, or write [\"*\"]".to_owned(),
            );
        }
        1 => (),
        _ if everybody => {
            return Err("allow_origins: \"*\" is everybody and stands alone".to_owned());
        }
        _ => (),
    }
    if everybody && credentials {
        return Err(
            "credentials: cannot be true for every origin: any site could act as the user; \
             list those that you trust in allow_origins"
                .to_owned(),
        );
    }
    if everybody {
        return Ok(None);
    }
    let patterns = written.iter().enumerate().map(|(i, origin)| {
        Pattern::parse(origin).map_err(|problem| format!("allow_origins[{i}]: {problem}"))
    });
    patterns.collect::<Result<_, _>>().map(Some)
}

fn simple_methods() -> Vec<FieldName> {
    ["GET", "HEAD", "POST"]
        .map(|name| FieldName::parse(name).expect("a token"))
        .to_vec()
}

fn list(names: &[FieldName]) -> String {
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    names.join(", ")
}
