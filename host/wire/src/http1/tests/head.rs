//! Each rule for the lines of a head and for its limits, with what breaks it and with what
//! nearly does.

use super::*;
use Violation as V;

#[test]
fn a_plain_request_passes_and_says_what_it_is() {
    let text = "GET /a?b HTTP/1.1\r\nHost: a.example:80\r\nAccept: */*\r\n\r\n";
    let expected = Head {
        skipped: 0,
        length: text.len(),
        body: Body::None,
        minor: 1,
        form: TargetForm::Origin,
        is_head: false,
        is_connect: false,
        keep_alive: true,
        upgrade: false,
        stray_upgrade: false,
        expects_continue: false,
    };
    assert_eq!(scan(text), Ok(Some(expected)));
    // What is behind it is not looked at.
    assert_eq!(
        scan([text.as_bytes(), b"\0\n \r\r"].concat()),
        Ok(Some(expected))
    );
    assert_eq!(
        scan("GET / HTTP/1.0\r\n\r\n").map(|head| head.map(|head| head.minor)),
        Ok(Some(0))
    );
}

#[test]
fn a_complete_head_is_told_again() {
    let text = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut scan = HeadScan::new();
    let first = scan.scan(text, &LIMITS);
    assert_eq!(scan.scan(&[text, &b"more"[..]].concat(), &LIMITS), first);
    assert!(head(first).length == text.len());
}

#[test]
fn a_caller_who_forgets_bytes_does_no_harm() {
    let text = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut scan = HeadScan::new();
    assert!(scan.scan(text, &LIMITS).is_ok_and(|head| head.is_some()));
    assert_eq!(scan.scan(&text[..3], &LIMITS), Ok(None));
}

#[test]
fn lines_end_with_crlf_and_nothing_else() {
    for (text, violation) in [
        ("\n", V::BareLineFeed),
        ("\rG", V::BareCarriageReturn),
        ("\r\r", V::BareCarriageReturn),
        ("\r\n\n", V::BareLineFeed),
        ("GET\n", V::BareLineFeed),
        ("GET /\n", V::BareLineFeed),
        ("GET /\r ", V::BareCarriageReturn),
        ("GET / HTTP/1.1\n", V::BareLineFeed),
        ("GET / HTTP/1.1\r\r", V::BareCarriageReturn),
        ("GET / HTTP/1.1\r\nHost: a\n", V::BareLineFeed),
        ("GET / HTTP/1.1\r\nHost: a\rX", V::BareCarriageReturn),
        ("GET / HTTP/1.1\r\nHost: a\r\r", V::BareCarriageReturn),
        ("GET / HTTP/1.1\r\nHost\n", V::BareLineFeed),
        ("GET / HTTP/1.1\r\nHost\rX", V::BareCarriageReturn),
        ("GET / HTTP/1.1\r\nHost: a\r\n\n", V::BareLineFeed),
        ("GET / HTTP/1.1\r\nHost: a\r\n\rX", V::BareCarriageReturn),
    ] {
        refused_at_once(text, violation, &LIMITS);
    }
}

#[test]
fn a_field_line_is_a_name_and_a_colon_and_a_value() {
    for line in [
        "a:",
        "a: ",
        "a:b",
        "a:\tb\t",
        "a::",
        "a: b: c",
        "a_b: c",
        "!#$%&'*+-.^_`|~: a",
        "a:\u{e9}\u{ff}",
    ] {
        assert!(field(line).is_ok(), "{line}");
    }
    for (line, violation) in [
        (":", V::FieldName),
        ("(", V::FieldName),
        ("a\0", V::FieldName),
        ("a/", V::FieldName),
        ("a\u{e9}", V::FieldName),
        ("\u{feff}", V::FieldName),
        ("a\x7f", V::FieldName),
        ("a ", V::SpaceBeforeColon),
        ("a\t", V::SpaceBeforeColon),
        ("Transfer-Encoding ", V::SpaceBeforeColon),
        ("a\r\n", V::FieldWithoutColon),
        (" ", V::ObsoleteFold),
        ("\t", V::ObsoleteFold),
        ("a: b\r\n ", V::ObsoleteFold),
        ("a: b\r\n\t", V::ObsoleteFold),
        ("a:\r\n ", V::ObsoleteFold),
    ] {
        let text = format!("GET / HTTP/1.1\r\n{line}");
        // A letter beyond ASCII has two bytes here, of which the first is enough.
        let cut =
            usize::from(!line.is_ascii()) * (line.chars().last().map_or(0, char::len_utf8) - 1);
        refused_at_once(&text.as_bytes()[..text.len() - cut], violation, &LIMITS);
    }
}

#[test]
fn a_value_has_no_control_but_the_tab() {
    for byte in (0..=u8::MAX).filter(|byte| !matches!(byte, b'\r' | b'\n')) {
        let text = [b"GET / HTTP/1.1\r\na: 12345678", &[byte][..]].concat();
        if byte == b'\t' || (byte >= 0x20 && byte != 0x7f) {
            assert_eq!(scan(text), Ok(None), "{byte}");
        } else {
            refused_at_once(text, V::FieldValue, &LIMITS);
        }
    }
}

#[test]
fn a_head_has_a_limit_and_what_is_behind_it_does_not_count() {
    let text = "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let limits = |head| Limits { head, ..LIMITS };
    let said = |text: &str, head| HeadScan::new().scan(text.as_bytes(), &limits(head));
    assert!(said(text, text.len()).is_ok_and(|head| head.is_some()));
    let followed = format!("{text}and more");
    assert!(said(&followed, text.len()).is_ok_and(|head| head.is_some()));
    for limit in 0..text.len() {
        assert_eq!(said(text, limit), Err(V::HeadTooLarge), "{limit}");
        assert_eq!(said(&followed, limit), Err(V::HeadTooLarge), "{limit}");
        refused_at_once(&text[..=limit], V::HeadTooLarge, &limits(limit));
    }
    let endless = format!("GET / HTTP/1.1\r\nA: {}", "a".repeat(100_000));
    assert_eq!(said(&endless, 1000), Err(V::HeadTooLarge));
}

#[test]
fn fields_have_a_limit_of_their_number() {
    let text = |fields: usize| {
        let more = "A: b\r\n".repeat(fields - 1);
        format!("GET / HTTP/1.1\r\nHost: a\r\n{more}")
    };
    assert!(scan(text(LIMITS.fields) + "\r\n").is_ok_and(|head| head.is_some()));
    refused_at_once(text(LIMITS.fields) + "A", V::TooManyFields, &LIMITS);
    let none = Limits {
        fields: 0,
        ..LIMITS
    };
    let old = HeadScan::new().scan(b"GET / HTTP/1.0\r\n\r\n", &none);
    assert!(old.is_ok_and(|head| head.is_some()));
}
