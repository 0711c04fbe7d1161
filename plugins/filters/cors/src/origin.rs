//! Origins that an operator allows.

/// An origin, or all below a host.
#[derive(Debug, PartialEq)]
pub enum Pattern {
    Exact(String),
    /// What stands before and after the asterisk: `https://` and `.example.org`.
    Below(String, String),
}

impl Pattern {
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "null" {
            return Err("`null` is the origin of any page in a sandbox: \
                 allowing it would allow everybody"
                .to_owned());
        }
        let problem = || {
            format!(
                "`{text}` is not an origin: write one like https://example.com, \
                 http://localhost:3000 or https://*.example.com"
            )
        };
        let (scheme, host) = text.split_once("://").ok_or_else(problem)?;
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]_".contains(c);
        let scheme_named =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
        if scheme.is_empty() || !scheme.chars().all(scheme_named) {
            return Err(problem());
        }
        if scheme == "https" && host.ends_with(":443") || scheme == "http" && host.ends_with(":80")
        {
            return Err(format!(
                "`{text}`: browsers leave out the scheme's own port, and so must this"
            ));
        }
        let rest = host.strip_prefix('*').unwrap_or(host);
        if rest.is_empty() || !rest.chars().all(named) {
            return Err(problem());
        }
        if rest.len() == host.len() {
            return Ok(Pattern::Exact(text.to_owned()));
        }
        match rest.starts_with('.') && rest.len() > 1 {
            true => Ok(Pattern::Below(format!("{scheme}://"), rest.to_owned())),
            false => Err(problem()),
        }
    }

    pub fn matches(&self, origin: &str) -> bool {
        match self {
            Pattern::Exact(exact) => exact == origin,
            Pattern::Below(before, after) => origin
                .strip_prefix(&**before)
                .and_then(|host| host.strip_suffix(&**after))
                .is_some_and(|below| {
                    // Only what can be a part of a name: a port or a path is not below it.
                    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
                    !below.is_empty() && below.bytes().all(named)
                }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_is_all_below_a_host_and_nothing_else() {
        let pattern = Pattern::parse("https://*.example.com:8443").unwrap();
        for origin in ["https://a.example.com:8443", "https://a.b.example.com:8443"] {
            assert!(pattern.matches(origin), "{origin}");
        }
        for origin in [
            "https://example.com:8443",
            "https://.example.com:8443",
            "https://a.example.com",
            "http://a.example.com:8443",
            "https://aexample.com:8443",
            "https://evil.com/.example.com:8443",
            "https://evil.com:80.example.com:8443",
            "null",
            "",
        ] {
            assert!(!pattern.matches(origin), "{origin}");
        }
    }

    #[test]
    fn an_origin_is_compared_as_a_whole() {
        let pattern = Pattern::parse("http://localhost:3000").unwrap();
        assert!(pattern.matches("http://localhost:3000"));
        for origin in [
            "http://localhost",
            "http://localhost:30000",
            "https://localhost:3000",
        ] {
            assert!(!pattern.matches(origin), "{origin}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_refused() {
        for text in [
            "example.com",
            "*.example.com",
            "https://",
            "https://example.com/",
            "https://Example.com",
            "https://a.*.example.com",
            "https://*example.com",
            "https://*.",
            "https://*",
            "https://example.com:443",
            "http://example.com:80",
            "null",
            "",
        ] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
