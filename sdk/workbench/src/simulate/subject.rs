//! The selectors that are compared: files, built-in ones, each with a name and its `config`.

use crate::nearest::nearest;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::borrow::Cow;
use std::path::Path;

/// One selector of a simulation.
pub(super) struct Subject {
    /// What it is called in the report.
    pub(super) name: String,
    /// Its component.
    pub(super) bytes: Cow<'static, [u8]>,
    /// Its `config` as JSON.
    pub(super) config: String,
}

/// What `consistent-hash` is given when nothing is said: it does nothing without a key.
const KEY: &str = r#"{"key":{"header":"x-key"}}"#;

/// The selectors that the arguments name. A `config` is `NAME=JSON`, or JSON alone for all that
/// have none of their own.
///
/// # Errors
/// What is wrong with an argument, and what could be written instead.
pub(super) fn subjects(selectors: &[String], configs: &[String]) -> Result<Vec<Subject>> {
    let mut subjects = selectors
        .iter()
        .map(|argument| subject(argument))
        .collect::<Result<Vec<_>>>()?;
    for (number, subject) in subjects.iter().enumerate() {
        if subjects[..number]
            .iter()
            .any(|other| other.name == subject.name)
        {
            bail!(
                "two selectors are called `{name}`: give one another name, `other={name}`",
                name = subject.name
            );
        }
    }
    let mut configured = vec![false; subjects.len()];
    for text in configs
        .iter()
        .filter(|text| text.trim_start().starts_with('{'))
    {
        check(text, "--config")?;
        for subject in &mut subjects {
            subject.config.clone_from(text);
        }
    }
    for text in configs
        .iter()
        .filter(|text| !text.trim_start().starts_with('{'))
    {
        let Some((name, json)) = text.split_once('=') else {
            bail!("--config `{text}`: write JSON, or the name of a selector and JSON: `p2c={{}}`");
        };
        check(json, &format!("--config {name}"))?;
        let names: Vec<_> = subjects
            .iter()
            .map(|subject| subject.name.clone())
            .collect();
        let Some(found) = names.iter().position(|known| known == name) else {
            bail!(
                "--config {name}: no selector of that name is simulated here: there are {}",
                names.join(", ")
            );
        };
        if std::mem::replace(&mut configured[found], true) {
            bail!("--config {name}: it is there twice");
        }
        json.clone_into(&mut subjects[found].config);
    }
    Ok(subjects)
}

fn subject(argument: &str) -> Result<Subject> {
    let (name, what) = match argument.split_once('=') {
        Some((name, what)) if !Path::new(argument).exists() => (Some(name), what),
        _ => (None, argument),
    };
    let path = Path::new(what);
    if path.is_file() {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {what}"))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        return Ok(Subject {
            name: name.map_or_else(|| stem.into_owned(), str::to_owned),
            bytes: bytes.into(),
            config: "{}".to_owned(),
        });
    }
    let Some(bytes) = tidegate_plugins::selector(what) else {
        let names = tidegate_plugins::SELECTORS.iter().map(|(name, _)| *name);
        let meant = nearest(what, names.clone())
            .map_or(String::new(), |meant| format!(" Did you mean `{meant}`?"));
        bail!(
            "`{what}` is neither a file nor a built-in selector.{meant} Built in are {}",
            names.collect::<Vec<_>>().join(", ")
        );
    };
    let config = if what == "consistent-hash" { KEY } else { "{}" };
    Ok(Subject {
        name: name.unwrap_or(what).to_owned(),
        bytes: bytes.into(),
        config: config.to_owned(),
    })
}

fn check(json: &str, at: &str) -> Result<()> {
    let value: Value = serde_json::from_str(json).with_context(|| format!("{at}: no JSON"))?;
    if !value.is_object() {
        bail!("{at}: a `config` is an object: `{{\"key\": …}}`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(selectors: &[&str], configs: &[&str]) -> String {
        let own = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let result = subjects(&own(selectors), &own(configs));
        format!("{:#}", result.err().expect("it is refused"))
    }

    #[test]
    fn a_bad_argument_says_what_could_be_written() {
        assert!(refused(&["p3c"], &[]).contains("Did you mean `p2c`?"));
        assert!(refused(&["p2c", "p2c"], &[]).contains("`other=p2c`"));
        assert!(refused(&["p2c"], &["sticky={}"]).contains("there are p2c"));
        assert!(refused(&["p2c"], &["p2c=[]"]).contains("is an object"));
        assert!(refused(&["p2c"], &["nonsense"]).contains("write JSON"));
    }

    #[test]
    fn each_gets_its_own_config_and_the_others_the_common_one() {
        let selectors = ["ring=consistent-hash", "sticky"].map(str::to_owned);
        let configs = [r#"{"cookie":"a"}"#, r#"ring={"key":"path"}"#].map(str::to_owned);
        let subjects = subjects(&selectors, &configs).expect("good arguments");
        let told: Vec<_> = subjects.iter().map(|it| (&*it.name, &*it.config)).collect();
        let expected = [
            ("ring", r#"{"key":"path"}"#),
            ("sticky", r#"{"cookie":"a"}"#),
        ];
        assert_eq!(told, expected);
    }
}
