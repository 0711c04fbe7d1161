//! An experiment: each user sees one variant, the same one each time.
//!
//! 1. Who has a key (a user that an earlier filter knows, for example) gets the variant of its hash:
//!    on all devices, all threads and all proxies, without anything being stored.
//! 2. Who has none, and brings the cookie of a variant that is still shown, keeps it.
//! 3. Anybody else is assigned by lot, and gets the cookie with the response.

mod cookie;
mod name;
mod variants;

use serde::Deserialize;
use tidegate_sdk::config::{EditableName, Key};
use tidegate_sdk::prelude::*;

use cookie::Cookie;
use name::Name;
use variants::{Variant, Variants, user};

/// The plugin's `config`; the README explains the keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    experiment: Name,
    key: Option<Key>,
    variants: Vec<Variant>,
    #[serde(default)]
    cookie: Cookie,
    /// The field that tells the endpoint.
    header: Option<EditableName>,
}

struct AbSplit {
    experiment: Name,
    key: Option<Key>,
    variants: Variants,
    cookie: Cookie,
    header: Option<EditableName>,
    /// Of the cookie, and of the attribute with the variant.
    name: String,
    /// Of the attribute that says that the cookie is to be set.
    new: String,
}

impl Filter for AbSplit {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        config.cookie.check()?;
        let name = format!("ab-{}", &*config.experiment);
        Ok(AbSplit {
            experiment: config.experiment,
            key: config.key,
            variants: Variants::new(config.variants)?,
            cookie: config.cookie,
            header: config.header,
            new: format!("{name}-new"),
            name,
        })
    }

    fn interest(&self) -> Interest {
        Interest::REQUEST.response()
    }

    fn on_request(&mut self) -> Verdict {
        let (variant, new) = self.assign();
        let mut edits = RequestEdits::new().attribute(&*self.name, &*variant.name);
        if new {
            edits = edits.attribute(&*self.new, "1");
        }
        if let Some(header) = &self.header {
            edits = edits.set(&**header, &*variant.name);
        }
        if let Some(upstream) = &variant.upstream {
            edits = edits.upstream(upstream);
        }
        edits.into()
    }

    /// Any instance may be called, so what was assigned is in the attributes.
    fn on_response(&mut self) -> Option<ResponseEdits> {
        request::attribute(&self.new)?;
        let variant = request::attribute(&self.name)?;
        let cookie = self.cookie.set(&self.name, &variant);
        Some(ResponseEdits::new().append("set-cookie", cookie))
    }
}

impl AbSplit {
    /// The variant of the request, and whether the client is to keep it in a cookie.
    fn assign(&self) -> (&Variant, bool) {
        if let Some(key) = self.key.as_ref().and_then(Key::read) {
            return (self.variants.of(user(&self.experiment, &key)), false);
        }
        let brought = request::cookie(&self.name);
        match brought.and_then(|name| self.variants.named(&name)) {
            Some(variant) => (variant, false),
            None => (self.variants.of(random::next()), true),
        }
    }
}

export_filter!(AbSplit);

#[cfg(test)]
mod tests;
