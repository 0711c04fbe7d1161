//! The operator's listener and the user of the process: what is refused, what is warned of, and
//! that a secret is never shown.

use std::path::{Path, PathBuf};

use super::warnings::logged;
use super::{WEB, accept, load, refuse};
use crate::config::files;
use crate::config::value::{Admin, Token};

const TOKEN: &str = "hush-0123456789-hush";

fn admin(text: &str) -> Admin {
    let config = accept(&format!("{WEB}admin: {text}\n"));
    config.admin.expect("an admin listener")
}

#[test]
fn a_token_is_written_or_in_a_file_which_is_watched() {
    let written = admin(&format!("{{ address: 127.0.0.1:9090, token: {TOKEN} }}"));
    let Some(Token::Written(secret)) = written.token else {
        panic!("{:?}", written.token)
    };
    assert_eq!(secret.reveal(), TOKEN);

    let config = accept(&format!(
        "{WEB}admin:\n  address: 127.0.0.1:9090\n  token_file: secret/token\n  \
         tls: {{ certificates: [{{ certificate: a.pem, key: a.key }}], client_certificates: {{ ca: ca.pem, crl: crl.pem }} }}\n"
    ));
    let admin = config.admin.as_ref().expect("an admin listener");
    let Some(Token::File { path, place }) = &admin.token else {
        panic!("{:?}", admin.token)
    };
    assert_eq!((path.as_path(), place.line), (Path::new("secret/token"), 6));
    let tls = admin.tls.as_ref().expect("TLS");
    assert!(tls.client_certificates.as_ref().is_some_and(|c| c.required));
    let watched = files(&config);
    for name in ["secret/token", "a.pem", "a.key", "ca.pem", "crl.pem"] {
        assert!(watched.contains(&PathBuf::from(name)), "{name}");
    }
}

#[test]
fn what_is_wrong_with_the_admin_listener_is_told() {
    let wrong = |text: &str| refuse(&format!("{WEB}admin: {text}\n"));
    assert_eq!(
        wrong(&format!(
            "{{ address: 127.0.0.1:9090, token: {TOKEN}, token_file: token }}"
        )),
        "4:76: admin.token_file: there is a `token` already (remove one of the two; a file can have narrower permissions than this one)"
    );
    assert_eq!(
        wrong("{ address: 127.0.0.1:9090, token: short }"),
        "4:42: admin.token: this is too short for a token: 16 characters are the least (make one with `openssl rand -hex 32`)"
    );
    assert_eq!(
        wrong("{ address: 127.0.0.1:9090, token: 0123456789 123456789 }"),
        "4:42: admin.token: a token is of visible characters of ASCII, without spaces (make one with `openssl rand -hex 32`)"
    );
    assert_eq!(
        wrong(
            "{ address: 127.0.0.1:9090, tls: { certificates: [{ certificate: a, key: b }], hsts: 1h, client_certificates: { ca: c, subject_in: x-s } } }"
        ),
        "4:92: admin.tls.hsts: the admin listener has no use for it (remove it)\n\
         4:138: admin.tls.client_certificates.subject_in: the admin listener has no use for it (remove it)"
    );
}

/// Whatever is wrong, the operator's terminal, a log and a ticket get to see it.
#[test]
fn no_problem_shows_a_token() {
    let place =
        |value: &str| format!("{WEB}admin: {{ address: 127.0.0.1:9090, token: {value} }}\n");
    let wrong = [
        place("[hush]"),
        place("{ hush: hush }"),
        place("hush"),
        place("'hush hush hush hush hush'"),
        place("\"hush\\u00fchush-hush-hush\""),
        place(&"hush".repeat(300)),
        place("hush-hush-hush-${hush hush}"),
        place("hush-hush-hush-${HUSH}"),
        place("hush-hush-hush-${HUSH"),
        place("!secret hush-hush-hush-hush"),
        place("!!int hush-hush-hush-hush"),
        place("!!bool hush-hush-hush-hush"),
        place("*hush-hush-hush-hush"),
        place("\"hush-hush-hush-\\qhush\""),
        place("hush-hush-hush-hush, token: hush-hush-hush-hush"),
        place("hush-hush-hush-hush }").replace(" }\n", "\n"),
        place("hush-hush-hush-hush").replace("token", "tokne"),
        place("hush-hush-hush-hush").replace("127.0.0.1:9090", "nowhere"),
        format!("{WEB}admin: {{ token: hush-hush-hush-hush }}\n"),
        // A number, whose digits would be shown.
        place("4711471147114711"),
        place("-4711471147114711"),
        place("47114711471147114711471147114711"),
        place("4711.4711471147"),
        place("true"),
        place("~"),
    ];
    for text in wrong {
        let told = match load("t.yaml", &text, &[]) {
            Ok(config) => panic!("accepted:\n{text}\n{config:?}"),
            Err(problems) => format!("{problems}\n{problems:?}"),
        };
        for secret in ["hush", "4711"] {
            // The names of anchors and of keys are no values.
            let told = told.to_lowercase().replace("tokne", "");
            assert!(!told.contains(secret), "{told}\n\n{text}");
        }
    }
}

#[test]
fn a_configuration_can_be_shown_without_its_token() {
    let config = accept(&format!(
        "{WEB}admin: {{ address: 0.0.0.0:9090, token: {TOKEN} }}\n"
    ));
    let shown = format!("{config:?}{config:#?}");
    assert!(shown.contains("Secret(…)"), "{shown}");
    assert!(!shown.contains("hush"), "{shown}");
    let schema = crate::config::schema().to_string();
    assert!(!schema.contains("hush"));
}

#[test]
fn an_address_for_everybody_is_warned_of() {
    let warnings = |admin: &str| {
        let lines = logged(&format!("{WEB}admin: {admin}\n"));
        lines.iter().filter(|line| line.contains("admin")).count()
    };
    let tls = "tls: { certificates: [{ certificate: a, key: b }]";
    for (text, warned) in [
        ("{ address: 0.0.0.0:9090 }".to_owned(), 1),
        ("{ address: \"[::]:9090\" }".to_owned(), 1),
        ("{ address: 10.0.0.1:9090 }".to_owned(), 1),
        ("{ address: 127.0.0.1:9090 }".to_owned(), 0),
        ("{ address: 127.3.2.1:9090 }".to_owned(), 0),
        ("{ address: \"[::1]:9090\" }".to_owned(), 0),
        (format!("{{ address: 0.0.0.0:9090, token: {TOKEN} }}"), 0),
        ("{ address: 0.0.0.0:9090, token_file: t }".to_owned(), 0),
        (format!("{{ address: 0.0.0.0:9090, {tls} }} }}"), 1),
        (
            format!("{{ address: 0.0.0.0:9090, {tls}, client_certificates: {{ ca: c }} }} }}"),
            0,
        ),
        (
            format!(
                "{{ address: 0.0.0.0:9090, {tls}, client_certificates: {{ ca: c, required: false }} }} }}"
            ),
            1,
        ),
    ] {
        assert_eq!(warnings(&text), warned, "{text}");
    }
    assert_eq!(
        logged(&format!("{WEB}admin: {{ address: 0.0.0.0:9090 }}\n")),
        [
            "WARN t.yaml:4:19: admin.address: whoever reaches this address can read everything, reload, and drain endpoints \
             (write `token_file`, or `tls` with `client_certificates`, or use a loopback address)"
        ]
    );
}

#[test]
fn who_the_process_becomes_is_a_user_and_a_group() {
    let run_as = |text: &str| accept(&format!("{WEB}run_as: {text}\n")).run_as;
    assert!(accept(WEB).run_as.is_none());
    let alone = run_as("{ user: tidegate }").expect("somebody");
    assert_eq!((alone.user.as_str(), alone.group), ("tidegate", None));
    let both = run_as("{ user: tidegate, group: web }").expect("somebody");
    assert_eq!(both.group.as_deref(), Some("web"));
    assert_eq!(both.place.line, 4);
    assert_eq!(
        refuse(&format!(
            "{WEB}run_as: {{ user: \"\", group: \"a\\nb\" }}\n"
        )),
        "4:17: run_as.user: `` cannot be the name of a user (a name is 1 to 32 characters)\n\
         4:28: run_as.group: `a\\nb` cannot be the name of a group (a name is 1 to 32 characters)"
    );
    assert_eq!(
        refuse(&format!("{WEB}run_as: {{ user: 1000 }}\n")),
        "4:17: run_as.user: expected text, found the number 1000 (put it in quotes)"
    );
    assert_eq!(
        refuse(&format!("{WEB}run_as: tidegate\n")),
        "4:9: run_as: expected a mapping, found the text `tidegate` (its keys are: user, group)"
    );
}
