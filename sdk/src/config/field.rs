//! Header fields in an operator's file: right when they are read, so that no answer is refused for
//! them later.

use std::fmt;
use std::ops::Deref;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::fields;

/// The name of a field to read, in lower case.
///
/// ```
/// # use tidegate_sdk::config::FieldName;
/// assert_eq!(&*FieldName::parse("X-User").unwrap(), "x-user");
/// assert_eq!(FieldName::parse("x user").unwrap_err(), "`x user` is not a field name");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldName(String);

/// The name of a field to write, in lower case: not one that the host keeps for itself, such as
/// `content-length` or `host`.
///
/// ```
/// # use tidegate_sdk::config::EditableName;
/// assert_eq!(&*EditableName::parse("X-User").unwrap(), "x-user");
/// assert_eq!(EditableName::parse("Host").unwrap_err(), "the field `Host` belongs to the host");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EditableName(String);

/// What a field may be set to.
///
/// ```
/// # use tidegate_sdk::config::FieldValue;
/// assert_eq!(&*FieldValue::parse("no-store").unwrap(), "no-store");
/// assert!(FieldValue::parse("a\r\nx-forged: 1").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldValue(String);

impl FieldName {
    /// Reads the name.
    ///
    /// # Errors
    /// It is not one.
    pub fn parse(name: &str) -> Result<Self, String> {
        fields::name(name)?;
        Ok(FieldName(name.to_ascii_lowercase()))
    }
}

impl EditableName {
    /// Reads the name.
    ///
    /// # Errors
    /// It is not one, or the field is the host's.
    pub fn parse(name: &str) -> Result<Self, String> {
        fields::editable(name)?;
        Ok(EditableName(name.to_ascii_lowercase()))
    }
}

impl FieldValue {
    /// Reads the value.
    ///
    /// # Errors
    /// It has control characters.
    pub fn parse(value: &str) -> Result<Self, String> {
        match fields::value("", value.as_bytes()) {
            Ok(()) => Ok(FieldValue(value.to_owned())),
            Err(_) => Err(format!(
                "`{}` is not the value of a field: control characters such as line breaks cannot be sent",
                value.escape_debug()
            )),
        }
    }
}

macro_rules! is_text {
    ($type:ty, $expected:literal) => {
        impl Deref for $type {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;

                impl Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<$type, E> {
                        <$type>::parse(text).map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Text)
            }
        }
    };
}

is_text!(FieldName, "the name of a field");
is_text!(EditableName, "the name of a field");
is_text!(FieldValue, "text (put a number or a truth value in quotes)");

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::Config;

    #[derive(Debug, Deserialize)]
    struct Fields {
        set: BTreeMap<EditableName, FieldValue>,
        read: Option<FieldName>,
    }

    fn refused(text: &str) -> String {
        Fields::parse(text).unwrap_err()
    }

    #[test]
    fn names_are_in_lower_case_and_values_as_they_are() {
        let fields = Fields::parse(r#"{"set": {"X-A": "B ü"}, "read": "Host"}"#).unwrap();
        let (name, value) = fields.set.first_key_value().unwrap();
        assert_eq!((&**name, &**value), ("x-a", "B ü"));
        assert_eq!(&*fields.read.unwrap(), "host");
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_its_reason() {
        assert!(
            refused(r#"{"set": {"Host": ""}}"#).ends_with("the field `Host` belongs to the host")
        );
        assert!(refused(r#"{"set": {"a b": ""}}"#).ends_with("`a b` is not a field name"));
        assert!(refused(r#"{"set": {"a": "b\nc"}}"#).starts_with("set.a: `b\\nc` is not"));
        assert!(
            refused(r#"{"set": {"a": 1}}"#).ends_with("put a number or a truth value in quotes)")
        );
        assert!(refused(r#"{"set": {}, "read": ""}"#).starts_with("read: a name is missing"));
    }
}
