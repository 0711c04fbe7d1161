//! Each rule for where a request ends, with what breaks it and with what nearly does.

use super::*;
use Violation as V;

fn body(line: &str) -> Body {
    head(field(line)).body
}

#[test]
fn a_length_is_one_plain_number() {
    assert_eq!(body("Accept: */*"), Body::None);
    for (value, length) in [
        ("0", 0),
        (" 5", 5),
        ("5  ", 5),
        ("10", 10),
        ("  9223372036854775807 ", i64::MAX as u64),
    ] {
        assert_eq!(
            body(&format!("Content-Length:{value}")),
            Body::Length(length),
            "{value}"
        );
        assert_eq!(
            body(&format!("cONTENT-lENGTH:{value}")),
            Body::Length(length),
            "{value}"
        );
    }
    for value in [
        "",
        " ",
        "+5",
        "-5",
        "-0",
        "0x5",
        "5 5",
        "5,5",
        "5, 5",
        "5,",
        ",5",
        "05",
        "00",
        "5.0",
        "5e0",
        "5;",
        "\"5\"",
        "\t5",
        "5\t",
        "five",
        "\u{665}",
        "9223372036854775808",
        "18446744073709551616",
        "18446744073709551621",
        &"9".repeat(100),
        "0000000000000000000000000000005",
        "5\u{a0}",
    ] {
        assert_eq!(
            field(&format!("Content-Length: {value}")),
            Err(V::ContentLength),
            "{value}"
        );
    }
}

#[test]
fn a_length_comes_once() {
    for second in ["5", "6", "", "x"] {
        let lines = format!("Content-Length: 5\r\nAccept: */*\r\ncontent-length: {second}");
        assert_eq!(field(&lines), Err(V::ContentLengthTwice), "{second}");
    }
    // Other names.
    for name in [
        "Content_Length",
        "Content-Lengths",
        "XContent-Length",
        "Content-Lengt",
    ] {
        let lines = format!("Content-Length: 5\r\n{name}: 6");
        assert_eq!(body(&lines), Body::Length(5), "{name}");
    }
}

#[test]
fn the_only_coding_is_chunked_and_only_once() {
    for value in ["chunked", " chunked", "Chunked", "CHUNKED  "] {
        assert_eq!(
            body(&format!("Transfer-Encoding:{value}")),
            Body::Chunked,
            "{value}"
        );
        assert_eq!(
            body(&format!("tRANSFER-eNCODING:{value}")),
            Body::Chunked,
            "{value}"
        );
    }
    for value in [
        "gzip, chunked",
        "identity,chunked",
        "a , b,chunked",
        "xchunked, chunked",
    ] {
        let result = field(&format!("Transfer-Encoding: {value}"));
        assert_eq!(result, Err(V::TransferCodingUnknown), "{value}");
    }
    for value in [
        "",
        " ",
        "gzip",
        "identity",
        "xchunked",
        "chunkedx",
        "chunked, chunked",
        "chunked, gzip",
        "chunked, gzip, chunked",
        "chunked;q=1",
        "chunked;",
        "gzip;q=1, chunked",
        "\"chunked\"",
        "'chunked'",
        "chunked,",
        ",chunked",
        ", chunked",
        "chunked chunked",
        "gzip chunked",
        "\tchunked",
        "chunked\t",
        "chun ked",
        "chunked.",
        "chunke",
        "ch\u{fc}nked",
        "\u{212a}chunked",
        "chunked\u{a0}",
        "chun\u{212a}ed",
        "gzip,,chunked",
        "gzip,\tchunked",
    ] {
        let result = field(&format!("Transfer-Encoding: {value}"));
        assert_eq!(result, Err(V::TransferEncoding), "{value}");
    }
    // A vertical tab is no space, whatever some think.
    assert_eq!(field("Transfer-Encoding: \x0bchunked"), Err(V::FieldValue));
    for second in ["chunked", "identity", ""] {
        let lines = format!("Transfer-Encoding: chunked\r\nTransfer-Encoding: {second}");
        assert_eq!(field(&lines), Err(V::TransferEncodingTwice), "{second}");
    }
    for name in [
        "Transfer_Encoding",
        "Transfer-Encodin",
        "X-Transfer-Encoding",
        "TransferEncoding",
    ] {
        assert_eq!(body(&format!("{name}: chunked")), Body::None, "{name}");
    }
}

#[test]
fn a_request_has_a_length_or_is_chunked() {
    for lines in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: chunked\r\nA: b\r\nContent-Length: 0",
        "Transfer-Encoding: chunked\r\nContent-Length: x",
    ] {
        assert_eq!(
            field(lines),
            Err(V::TransferEncodingAndContentLength),
            "{lines}"
        );
    }
}

#[test]
fn http_1_0_has_no_transfer_encoding() {
    let text = |fields: &str| format!("POST / HTTP/1.0\r\n{fields}\r\n\r\n");
    for value in ["chunked", "identity", ""] {
        let text = text(&format!("Transfer-Encoding: {value}"));
        assert_eq!(scan(text), Err(V::TransferEncodingInHttp10), "{value}");
    }
    assert_eq!(head(scan(text("Content-Length: 5"))).body, Body::Length(5));
}

#[test]
fn a_connect_has_no_content() {
    let connect = |fields: &str| scan(format!("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n{fields}\r\n"));
    let tunnel = head(connect(""));
    assert!(tunnel.is_connect && tunnel.form == TargetForm::Authority);
    for fields in [
        "Content-Length: 5\r\n",
        "Content-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\n",
    ] {
        assert_eq!(connect(fields), Err(V::ConnectWithContent), "{fields}");
    }
    assert!(!head(line("connect / HTTP/1.1")).is_connect);
    assert!(head(line("HEAD / HTTP/1.1")).is_head);
    assert!(!head(line("HEADX / HTTP/1.1")).is_head);
}
