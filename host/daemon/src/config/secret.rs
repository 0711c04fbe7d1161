//! What is never shown.

use std::fmt;

/// The shortest token: 16 characters of hexadecimal are 64 bits, which nobody guesses over a
/// network.
const SHORTEST: usize = 16;
/// The longest one: it comes in a field of a request.
const LONGEST: usize = 1024;

/// A token of the admin listener. It has no `Display`, and `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A token, if the text can be one.
    ///
    /// # Errors
    /// What is wrong, and what to do. Nothing of the text is in it.
    pub fn token(text: &str) -> Result<Self, (&'static str, &'static str)> {
        if text.len() < SHORTEST {
            return Err((
                "this is too short for a token: 16 characters are the least",
                "make one with `openssl rand -hex 32`",
            ));
        }
        if text.len() > LONGEST {
            return Err(("this is longer than 1024 characters", "use a shorter one"));
        }
        // It is sent in a field of a request, behind a word and a space.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err((
                "a token is of visible characters of ASCII, without spaces",
                "make one with `openssl rand -hex 32`",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text itself, for the one place that compares or sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
