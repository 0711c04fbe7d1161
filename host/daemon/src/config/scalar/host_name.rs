//! Names of hosts, as they are asked of a resolver.

/// The canonical form of a host name: lower case, without a trailing dot. Labels of letters,
/// digits, hyphens (RFC 1123, 2.1) and underscores, which are no host names by the letter and
/// are in use all the same.
///
/// # Errors
///
/// What to write instead.
pub(in crate::config) fn host_name(text: &str) -> Result<String, &'static str> {
    if !text.is_ascii() {
        return Err("write an international name in its ASCII form (`xn--…`)");
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if name.len() > 253 {
        return Err("a name has at most 253 letters");
    }
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    for label in name.split('.') {
        if label.is_empty() || !label.bytes().all(letter) {
            return Err(
                "a name is labels of letters, digits, `-` and `_`, with single dots between",
            );
        }
        if label.len() > 63 || label.starts_with('-') || label.ends_with('-') {
            return Err("a label has at most 63 letters, and no `-` at its ends");
        }
    }
    // It could not be told from an address that is written wrongly: 10.0.0.256, or 127.1.
    if name
        .bytes()
        .rev()
        .take_while(|b| *b != b'.')
        .all(|b| b.is_ascii_digit())
    {
        return Err("an IP address has four numbers from 0 to 255, and a name does not end in one");
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::host_name;
    use proptest::prelude::*;

    #[test]
    fn different_spellings_are_one_name() {
        for (text, name) in [
            ("localhost", "localhost"),
            ("Web.Internal.", "web.internal"),
            ("_http._tcp.web-1", "_http._tcp.web-1"),
            ("1.2.3.a4", "1.2.3.a4"),
            ("xn--gre-6ka8i.example", "xn--gre-6ka8i.example"),
        ] {
            assert_eq!(host_name(text).as_deref(), Ok(name));
        }
        let label = "a".repeat(63);
        let longest = [&*label, &*label, &*label, &label[..61]].join(".");
        assert_eq!(host_name(&format!("{longest}.")), Ok(longest));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let label = "a".repeat(64);
        let long = ["a"; 127].join(".") + ".b";
        for text in [
            "",
            ".",
            "a..b",
            ".a",
            "a..",
            "-a",
            "a-.b",
            "a b",
            "a/b",
            "a:b",
            "*.a",
            "größe.de",
            "10.0.0.256",
            "127.1",
            "8080",
            &label,
            &long,
        ] {
            assert!(host_name(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_canonical_name_stays_as_it_is(text in "[-a-zA-Z0-9_.]{0,20}") {
            if let Ok(name) = host_name(&text) {
                prop_assert_eq!(host_name(&name), Ok(name.clone()));
                prop_assert!(name.len() <= text.len());
            }
        }
    }
}
