//! Tests of the router: the precedence as stories, then random tables against a reference
//! that compares every route with every request, one after the other.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;

/// `METHOD host/path name:value …`, each part but the first space optional.
fn rule(text: &str) -> Match {
    let mut parts = text.split(' ');
    let method = parts.next().filter(|part| !part.is_empty());
    let place = parts.next().unwrap_or("");
    let (host, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let header = |part: &str| {
        let (name, value) = part.split_once(':').expect("name:value");
        (
            name.parse().expect("a name"),
            HeaderPattern::parse(value).expect("a value"),
        )
    };
    Match {
        host: Some(host)
            .filter(|s| !s.is_empty())
            .map(|s| HostPattern::parse(s).expect(s)),
        path: Some(path)
            .filter(|s| !s.is_empty())
            .map(|s| PathPattern::parse(s).expect(s)),
        methods: method
            .iter()
            .flat_map(|m| m.split('|'))
            .map(|m| m.parse().expect(m))
            .collect(),
        headers: parts.map(header).collect(),
    }
}

fn router(rules: &[&str]) -> Router {
    let rules: Vec<_> = rules.iter().map(|text| rule(text)).collect();
    Router::build(rules.iter().collect()).expect("no two are the same")
}

fn find(router: &Router, method: &str, host: &str, path: &str) -> Option<usize> {
    router.find(
        host,
        path,
        &method.parse().expect("a method"),
        &HeaderMap::new(),
    )
}

fn get(router: &Router, host: &str, path: &str) -> Option<usize> {
    find(router, "GET", host, path)
}

#[test]
fn an_exact_host_goes_before_the_longer_wildcard_before_none() {
    let router = router(&["", " *.test", " *.b.test", " a.b.test"]);
    assert_eq!(get(&router, "a.b.test", "/"), Some(3));
    assert_eq!(get(&router, "c.b.test", "/"), Some(2));
    assert_eq!(get(&router, "x.y.b.test", "/"), Some(2), "any depth");
    assert_eq!(get(&router, "b.test", "/"), Some(1), "not the name itself");
    assert_eq!(get(&router, "test", "/"), Some(0));
    assert_eq!(get(&router, "", "/"), Some(0), "HTTP/1.0 may name no host");
}

#[test]
fn an_exact_path_goes_before_the_longer_pattern_before_none() {
    let router = router(&[
        "",
        " /*",
        " /a/*",
        " /a/*/c",
        " /a/b/*",
        " /a/b/c",
        " /**/*.png",
    ]);
    assert_eq!(get(&router, "", "/a/b/c"), Some(5));
    assert_eq!(get(&router, "", "/a/b/x"), Some(4));
    assert_eq!(
        get(&router, "", "/a/b"),
        Some(4),
        "a prefix matches without its slash"
    );
    assert_eq!(get(&router, "", "/a/x/c"), Some(3));
    assert_eq!(get(&router, "", "/ab"), Some(1), "a prefix ends at a slash");
    assert_eq!(get(&router, "", "/x/y.png"), Some(6));
    assert_eq!(get(&router, "", "*"), Some(0), "OPTIONS * has no path");
}

#[test]
fn named_methods_and_more_fields_go_first() {
    let router = router(&[" /", "GET|HEAD /", " / x:1", " / x:1 y:*"]);
    let with = |fields: &[(&'static str, &'static str)], method: Method| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().expect("a value"));
        }
        router.find("", "/", &method, &headers)
    };
    assert_eq!(with(&[("x", "1"), ("y", "2")], Method::GET), Some(1));
    assert_eq!(with(&[("x", "1"), ("y", "2")], Method::POST), Some(3));
    assert_eq!(
        with(&[("x", "0"), ("x", "1")], Method::POST),
        Some(2),
        "one line is enough"
    );
    assert_eq!(with(&[("x", "0")], Method::POST), Some(0));
}

#[test]
fn a_host_without_a_fitting_route_leaves_it_to_less_specific_hosts() {
    let router = router(&["GET a.test/only", " *.test/wide/*", " /*"]);
    assert_eq!(get(&router, "a.test", "/only"), Some(0));
    assert_eq!(find(&router, "POST", "a.test", "/only"), Some(2));
    assert_eq!(get(&router, "a.test", "/wide/x"), Some(1));
    assert_eq!(get(&router, "a.test", "/else"), Some(2));
}

#[test]
fn nothing_fits_nothing() {
    assert_eq!(get(&router(&[]), "a.test", "/"), None);
    assert_eq!(get(&router(&[" a.test/x"]), "a.test", "/y"), None);
}

#[test]
fn the_same_match_twice_is_refused_however_it_is_written() {
    let rules = [
        "GET|POST a.test/v1/* x:1 y:2",
        " /",
        "POST|GET|GET A.test./v1/** y:2 x:1",
        " /a",
        " /",
        " /",
    ];
    let rules: Vec<_> = rules.iter().map(|text| rule(text)).collect();
    let conflicts = Router::build(rules.iter().collect()).expect_err("three are the same");
    let at = |first, second| Conflict { first, second };
    assert_eq!(conflicts, [at(0, 2), at(1, 4), at(1, 5)]);
}

#[test]
fn overlapping_patterns_of_one_specificity_keep_the_order_of_the_file() {
    assert_eq!(
        get(&router(&[" /*/b", " /a/*/", " /a*"]), "", "/ab"),
        Some(2)
    );
    assert_eq!(get(&router(&["GET /*", "GET|POST /*"]), "", "/"), Some(0));
    assert_eq!(get(&router(&["GET|POST /*", "GET /*"]), "", "/"), Some(0));
}

#[test]
fn a_path_of_many_segments_is_walked_once() {
    let router = router(&[" /**/a/**/a/**/a/**/b", " /**/*a*a*a*b/c"]);
    let long = "/a".repeat(20_000);
    assert_eq!(get(&router, "", &long), None);
    assert_eq!(get(&router, "", &format!("{long}/b")), Some(0));
    assert_eq!(
        get(&router, "", &format!("/{}/c", "a".repeat(40_000))),
        None
    );
}

/// Whether a pattern as written matches, by trying every way to read it.
fn reference_path(pattern: &str, path: &str) -> bool {
    fn text(pattern: &[u8], path: &[u8]) -> bool {
        match pattern.split_first() {
            None => path.is_empty(),
            Some((b'*', rest)) => (0..=path.len()).any(|skip| text(rest, &path[skip..])),
            Some((letter, rest)) => path.first() == Some(letter) && text(rest, &path[1..]),
        }
    }
    fn segments(pattern: &[&str], path: &[&str]) -> bool {
        match pattern.split_first() {
            None => path.is_empty(),
            Some((&"**", rest)) => (0..=path.len()).any(|skip| segments(rest, &path[skip..])),
            Some((segment, rest)) => path.split_first().is_some_and(|(first, left)| {
                let empty = *segment == "*" && first.is_empty();
                !empty && text(segment.as_bytes(), first.as_bytes()) && segments(rest, left)
            }),
        }
    }
    let (Some(pattern), Some(path)) = (pattern.strip_prefix('/'), path.strip_prefix('/')) else {
        return false;
    };
    let mut pattern: Vec<_> = pattern.split('/').collect();
    if pattern.iter().filter(|part| part.contains('*')).count() == 1
        && let Some(last @ &mut "*") = pattern.last_mut()
    {
        *last = "**";
    }
    segments(&pattern, &path.split('/').collect::<Vec<_>>())
}

/// What a random rule is made of, as it would be written.
#[derive(Clone, Debug, PartialEq)]
struct Written {
    host: Option<&'static str>,
    path: Option<String>,
    methods: Vec<&'static str>,
    headers: Vec<(&'static str, &'static str)>,
}

impl Written {
    fn parsed(&self) -> Match {
        Match {
            host: self.host.map(|text| HostPattern::parse(text).expect(text)),
            path: self
                .path
                .as_ref()
                .map(|text| PathPattern::parse(text).expect(text)),
            methods: self
                .methods
                .iter()
                .map(|text| text.parse().expect(text))
                .collect(),
            headers: (self.headers.iter())
                .map(|(name, value)| {
                    (
                        name.parse().expect(name),
                        HeaderPattern::parse(value).expect(value),
                    )
                })
                .collect(),
        }
    }

    fn matches(&self, host: &str, path: &str, method: &str, value: Option<&str>) -> bool {
        let host_fits = self
            .host
            .is_none_or(|pattern| match pattern.strip_prefix('*') {
                Some(suffix) => host.ends_with(suffix),
                None => host == pattern,
            });
        host_fits
            && self
                .path
                .as_ref()
                .is_none_or(|pattern| reference_path(pattern, path))
            && (self.methods.is_empty() || self.methods.contains(&method))
            && self.headers.iter().all(|(name, pattern)| {
                *name == "x" && value.is_some_and(|value| *pattern == "*" || *pattern == value)
            })
    }

    /// The documented precedence, the smallest first. The length of `/v1/**` is that of its
    /// other spelling, `/v1/*`: stars do not count.
    fn precedence(&self) -> impl Ord + use<> {
        let host = self
            .host
            .map_or((2, 0), |host| match host.strip_prefix('*') {
                Some(suffix) => (1, -(suffix.len() as isize)),
                None => (0, 0),
            });
        let path = self.path.as_ref().map_or((2, 0), |path| {
            let stars = path.matches('*').count();
            if stars == 0 {
                (0, 0)
            } else {
                (1, stars as isize - path.len() as isize)
            }
        });
        (
            host,
            path,
            self.methods.is_empty(),
            -(self.headers.len() as isize),
        )
    }
}

fn written() -> impl Strategy<Value = Written> {
    let hosts = select(vec![
        "test",
        "a.test",
        "b.a.test",
        "*.test",
        "*.a.test",
        "*.b.a.test",
    ]);
    // `**` twice in a row is one pattern with `**` once, and counts one slash less: left out.
    let segment = select(vec![
        "a", "b", "ab", "", "*", "**", "a*", "*b", "a*b", "*a*",
    ]);
    let path = prop::collection::vec(segment, 1..5)
        .prop_filter("repeated", |parts| {
            parts.windows(2).all(|two| two != ["**", "**"])
        })
        .prop_map(|parts| format!("/{}", parts.join("/")));
    let methods = prop::sample::subsequence(vec!["GET", "POST"], 0..=2);
    let headers = prop::sample::subsequence(vec![("x", "1"), ("x", "2"), ("x", "*")], 0..=2);
    (
        prop::option::of(hosts),
        prop::option::weighted(0.9, path),
        methods,
        headers,
    )
        .prop_map(|(host, path, methods, headers)| Written {
            host,
            path,
            methods,
            headers,
        })
}

fn asked() -> impl Strategy<Value = (&'static str, String, &'static str, Option<&'static str>)> {
    let host = select(vec![
        "",
        "test",
        "a.test",
        "b.a.test",
        "c.b.a.test",
        "x.test",
        "atest",
    ]);
    let segment = select(vec!["a", "b", "ab", "", "aab", "x"]);
    let path = prop::collection::vec(segment, 1..6).prop_map(|s| format!("/{}", s.join("/")));
    let value = prop::option::of(select(vec!["1", "2", "3"]));
    (host, path, select(vec!["GET", "POST", "PUT"]), value)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn it_finds_what_the_reference_finds(
        written in prop::collection::vec(written(), 0..30),
        asked in prop::collection::vec(asked(), 1..20),
    ) {
        let parsed: Vec<_> = written.iter().map(Written::parsed).collect();
        // Drops what is said twice, as an operator who was told would.
        let twice = match Router::build(parsed.iter().collect()) {
            Ok(_) => Vec::new(),
            Err(conflicts) => conflicts.into_iter().map(|conflict| conflict.second).collect(),
        };
        let kept: Vec<_> = (0..written.len()).filter(|at| !twice.contains(at)).collect();
        let router = Router::build(kept.iter().map(|at| &parsed[*at]).collect())
            .expect("no two are the same");

        for (host, path, method, value) in asked {
            let mut headers = HeaderMap::new();
            headers.extend(value.map(|value| {
                (http::HeaderName::from_static("x"), http::HeaderValue::from_static(value))
            }));
            let expected = (0..kept.len())
                .filter(|at| written[kept[*at]].matches(host, &path, method, value))
                .min_by_key(|at| written[kept[*at]].precedence());
            let method = method.parse().expect("a method");
            prop_assert_eq!(
                router.find(host, &path, &method, &headers), expected,
                "{} {} {:?}", host, path, value
            );
        }
    }
}
