//! What of a request is signed: the components of RFC 9421, section 2, as far as they are useful here.

use serde::de::{Deserialize, Deserializer, Error};
use tidegate_sdk::config::FieldName;
use tidegate_sdk::request;

/// A derived component, or a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Component {
    Method,
    Authority,
    Path,
    Query,
    Field(FieldName),
}

/// Fields that are other ones at the endpoint than here: the host writes them anew, or frames by
/// them, or this filter makes them.
const UNFIT: [&str; 13] = [
    "connection",
    "content-length",
    "forwarded",
    "host",
    "keep-alive",
    "signature",
    "signature-input",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
];

impl Component {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "@method" => Component::Method,
            "@authority" => Component::Authority,
            "@path" => Component::Path,
            "@query" => Component::Query,
            _ if text.starts_with('@') => {
                return Err(format!(
                    "`{text}` is none of @method, @authority, @path and @query"
                ));
            }
            _ => {
                let name = FieldName::parse(text)?;
                if UNFIT.contains(&&*name) || name.starts_with("x-forwarded-") {
                    return Err(format!("`{name}` is not what the endpoint will see"));
                }
                Component::Field(name)
            }
        })
    }

    pub fn name(&self) -> &str {
        match self {
            Component::Method => "@method",
            Component::Authority => "@authority",
            Component::Path => "@path",
            Component::Query => "@query",
            Component::Field(name) => name,
        }
    }

    /// The value in the request as it stands now; none when there is no such field.
    pub fn value(&self, fields: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
        Some(match self {
            Component::Method => request::method().into_bytes(),
            Component::Authority => request::authority().into_bytes(),
            Component::Path => request::path().into_bytes(),
            Component::Query => format!("?{}", request::query().unwrap_or_default()).into_bytes(),
            Component::Field(name) => field(name, fields)?,
        })
    }
}

/// All values of a field without the blanks around them, in their order (RFC 9421, 2.1).
fn field(name: &str, fields: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let values = fields
        .iter()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let values: Vec<&[u8]> = values.map(|(_, value)| value.trim_ascii()).collect();
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}

impl<'de> Deserialize<'de> for Component {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Component::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
