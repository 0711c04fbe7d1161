//! Environment variables in scalars: `${NAME}`, `${NAME:-default}`, and `$$` for a dollar sign.
//!
//! Works on the parsed tree, never on the text, so that no variable can add a key, a list or
//! a second document. Keys are left alone. A single `$` before anything else stays as it is.

use super::node::{Kind, Node};
use crate::config::problem::{Report, Spot, quote};

/// The key whose value no problem quotes.
const SECRET: &str = "admin.token";

/// Replaces every variable below `root`. A scalar that cannot be replaced is reported and
/// refused; the others go on.
pub(super) fn expand(
    root: &mut Node,
    environment: &dyn Fn(&str) -> Option<String>,
    report: &Report,
) {
    walk(root, Spot::default(), environment, report);
}

fn walk(
    node: &mut Node,
    mut spot: Spot,
    environment: &dyn Fn(&str) -> Option<String>,
    report: &Report,
) {
    (spot.line, spot.column) = (node.line, node.column);
    match &mut node.kind {
        Kind::Text(text) if text.contains('$') => match replace(text, environment) {
            Ok(Some(replaced)) => node.kind = Kind::Expanded(replaced),
            Ok(None) => *text = text.replace("$$", "$"),
            // What looks like a variable may be a part of the secret.
            Err(_) if spot.path == SECRET => {
                let message = "a variable in it is not set, or is not one";
                report.refuse(&spot, message, "set it, and write `$$` for a dollar sign");
                node.kind = Kind::Refused;
            }
            Err((message, help)) => {
                report.refuse(&spot, message, help);
                node.kind = Kind::Refused;
            }
        },
        Kind::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(
                    item,
                    Spot {
                        path: spot.index(index),
                        ..Spot::default()
                    },
                    environment,
                    report,
                );
            }
        }
        Kind::Mapping(entries) => {
            for entry in entries {
                let path = spot.key(&entry.key);
                walk(
                    &mut entry.value,
                    Spot {
                        path,
                        ..Spot::default()
                    },
                    environment,
                    report,
                );
            }
        }
        _ => {}
    }
}

/// The text with its variables replaced, or nothing if it has none.
fn replace(
    text: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<String>, (String, String)> {
    let mut replaced = String::with_capacity(text.len());
    let mut found = false;
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        replaced.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            replaced.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let Some((inside, after)) = after.split_once('}') else {
                return Err((
                    "`${` has no `}`".into(),
                    "write `$$` for a dollar sign".into(),
                ));
            };
            replaced.push_str(&value(inside, environment)?);
            found = true;
            rest = after;
        } else {
            replaced.push('$');
        }
    }
    replaced.push_str(rest);
    Ok(found.then_some(replaced))
}

fn value(
    inside: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<String, (String, String)> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty()
        || !name.chars().all(letter)
        || name.starts_with(|c: char| c.is_ascii_digit())
    {
        return Err((
            format!("{} is not the name of an environment variable", quote(name)),
            "write `${NAME}` or `${NAME:-default}`, and `$$` for a dollar sign".into(),
        ));
    }
    // As in a shell, `:-` also takes the place of a variable that is empty.
    match (environment(name), default) {
        (Some(value), None) => Ok(value),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err((
            format!("the environment variable {} is not set", quote(name)),
            format!("set it, or give a default: `${{{name}:-…}}`"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::replace;

    fn environment(name: &str) -> Option<String> {
        match name {
            "PORT" => Some("8080".into()),
            "EMPTY" => Some(String::new()),
            "NESTED" => Some("${PORT}".into()),
            _ => None,
        }
    }

    #[test]
    fn replaces_variables_once_and_leaves_the_rest() {
        for (text, expected) in [
            ("127.0.0.1:${PORT}", Some("127.0.0.1:8080")),
            ("${PORT}${PORT}", Some("80808080")),
            ("${MISSING:-a:-b}", Some("a:-b")),
            ("${MISSING:-}", Some("")),
            ("${EMPTY}", Some("")),
            ("${EMPTY:-x}", Some("x")),
            ("${NESTED}", Some("${PORT}")),
            ("$${PORT} ${PORT}", Some("${PORT} 8080")),
            ("$5 and $", None),
            ("plain", None),
        ] {
            assert_eq!(
                replace(text, &environment).unwrap().as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_it_cannot_replace() {
        for text in ["${MISSING}", "${PORT", "${}", "${1A}", "${a b}", "${:-x}"] {
            assert!(replace(text, &environment).is_err(), "{text}");
        }
    }
}
