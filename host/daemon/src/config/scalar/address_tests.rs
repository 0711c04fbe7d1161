use super::{EndpointAddress, endpoint, listen, server};

#[test]
fn says_what_to_write_instead() {
    for (text, help) in [
        (
            "8080",
            "write `127.0.0.1:8080` for this machine, `0.0.0.0:8080` for everyone",
        ),
        (
            ":8080",
            "write `127.0.0.1:8080` for this machine, `0.0.0.0:8080` for everyone",
        ),
        ("10.0.0.1", "write the port too: `10.0.0.1:8080`"),
        ("::1", "write the port too: `[::1]:8080`"),
        (
            "fe80::a:1:8080",
            "write the port too: `[fe80::a:1:8080]:8080`",
        ),
        ("1:2:3:4:5:6:7:8:80", "write `[1:2:3:4:5:6:7:8]:80`"),
        ("localhost:80", "write `127.0.0.1:80` or `[::1]:80`"),
        (
            "web.internal:80",
            "one listens on addresses, not on names: write an IP address",
        ),
        (
            "http://10.0.0.1:80/",
            "remove `http://` and whatever follows the port",
        ),
        ("10.0.0.1:65536", "the port is a number from 0 to 65535"),
        ("10.0.0.256:80", "write an IP address and a port"),
        ("", "write an IP address and a port"),
    ] {
        assert_eq!(listen(text).unwrap_err().help, help, "{text}");
    }
}

#[test]
fn says_what_an_endpoint_is() {
    let numbers = "an IP address has four numbers from 0 to 255, and a name does not end in one";
    let labels = "a name is labels of letters, digits, `-` and `_`, with single dots between";
    for (text, help) in [
        ("8080", "write the host too: `127.0.0.1:8080`"),
        (":8080", "write the host too: `127.0.0.1:8080`"),
        ("10.0.0.1", "write the port too: `10.0.0.1:8080`"),
        ("Web.internal", "write the port too: `web.internal:8080`"),
        ("1:2:3:4:5:6:7:8:80", "write `[1:2:3:4:5:6:7:8]:80`"),
        (
            "http://web.internal:80/",
            "remove `http://` and whatever follows the port",
        ),
        ("10.0.0.1:65536", "the port is a number from 1 to 65535"),
        ("web.internal:http", "the port is a number from 1 to 65535"),
        ("web.internal:80/a", "the port is a number from 1 to 65535"),
        ("web.internal:+80", "the port is a number from 1 to 65535"),
        ("web.internal:", "the port is a number from 1 to 65535"),
        ("web.internal:0", "write the port of the endpoint"),
        ("10.0.0.1:0", "write the port of the endpoint"),
        ("10.0.0.256:80", numbers),
        ("web..internal:80", labels),
        ("user@web:80", labels),
        ("", labels),
        (
            "größe.example:80",
            "write an international name in its ASCII form (`xn--…`)",
        ),
    ] {
        assert_eq!(endpoint(text).unwrap_err().help, help, "{text}");
    }
}

#[test]
fn a_name_has_one_spelling() {
    let name = EndpointAddress::Name {
        host: "web.internal".into(),
        port: 80,
    };
    assert_eq!(endpoint("Web.Internal.:80"), Ok(name.clone()));
    assert_eq!(name.to_string(), "web.internal:80");
    assert!(endpoint("localhost:80").is_ok());
}

#[test]
fn port_0_is_for_listening_only() {
    assert!(listen("127.0.0.1:0").is_ok());
    assert!(endpoint("127.0.0.1:0").is_err());
    assert!(endpoint("[::1]:80").is_ok());
    assert!(server("127.0.0.1:0").is_err());
}

#[test]
fn a_server_answers_on_port_53_unless_it_says_otherwise() {
    for (text, address) in [
        ("10.0.0.2", "10.0.0.2:53"),
        ("10.0.0.2:5353", "10.0.0.2:5353"),
        ("::1", "[::1]:53"),
        ("[::1]", "[::1]:53"),
        ("[::1]:5353", "[::1]:5353"),
    ] {
        assert_eq!(
            server(text).map(|address| address.to_string()),
            Ok(address.into())
        );
    }
    for (text, help) in [
        (
            "ns.internal",
            "names cannot be resolved before there is a server: write its IP address",
        ),
        (
            "ns.internal:53",
            "names cannot be resolved before there is a server: write its IP address",
        ),
        (
            "https://10.0.0.2/dns-query",
            "remove `https://` and whatever follows the port",
        ),
        ("10.0.0.256", "write an IP address"),
        ("", "write an IP address"),
    ] {
        assert_eq!(server(text).unwrap_err().help, help, "{text}");
    }
}
