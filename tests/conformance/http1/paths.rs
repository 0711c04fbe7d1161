//! RFC 3986 sections 5.2.4 and 6.2.2: one spelling for each path.

use super::{Table, saw};

/// What the endpoint sees of a path, and which it never sees.
pub fn paths() -> Table {
    let mut t = Table::default();
    let of = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    for (path, seen) in [
        ("/a/b", "/a/b"),
        ("/a/b/", "/a/b/"),
        ("/.", "/"),
        ("/./", "/"),
        ("/a/.", "/a/"),
        ("/a/./b", "/a/b"),
        ("/a/..", "/"),
        ("/a/../", "/"),
        ("/a/../b", "/b"),
        ("/a/b/../..", "/"),
        ("/a/b/../../c", "/c"),
        ("/a/b/..", "/a/"),
        ("/a/b/./../c/.", "/a/c/"),
        ("//", "/"),
        ("///", "/"),
        ("//a", "/a"),
        ("/a//b", "/a/b"),
        ("/a///b//", "/a/b/"),
        ("/a//../b", "/b"),
        ("/%2e", "/"),
        ("/%2E/a", "/a"),
        ("/a/%2e%2e/b", "/b"),
        ("/a/%2E%2E/b", "/b"),
        ("/a/.%2e/b", "/b"),
        ("/a/%2e./b", "/b"),
        ("/a/%2e/b", "/a/b"),
        ("/a%2fb", "/a%2Fb"),
        ("/a%2Fb", "/a%2Fb"),
        ("/a%5cb", "/a%5Cb"),
        ("/a%2f%2fb", "/a%2F%2Fb"),
        ("/%41%42%63", "/ABc"),
        ("/%7euser", "/~user"),
        ("/%7Euser/%2d%5f%2e", "/~user/-_."),
        ("/%c3%a9", "/%C3%A9"),
        ("/%20a", "/%20a"),
        ("/a%3fb", "/a%3Fb"),
        ("/a%23b", "/a%23b"),
        ("/a%25b", "/a%25b"),
        ("/%252e%252e/a", "/%252e%252e/a"),
        ("/%25%32%65/a", "/%252e/a"),
        ("/a%3bb", "/a%3Bb"),
        ("/...", "/..."),
        ("/a/.../b", "/a/.../b"),
        ("/a./b..", "/a./b.."),
        ("/.a/..b", "/.a/..b"),
        ("/.well-known/x", "/.well-known/x"),
        ("/a;x/../b", "/b"),
        ("/a;v=1/b", "/a;v=1/b"),
        ("/a?b=/../c", "/a?b=/../c"),
        ("/a?b=//c", "/a?b=//c"),
        ("/a?%2e%2e", "/a?%2e%2e"),
        ("/a/../b?c=../d", "/b?c=../d"),
        ("/a?b=%zz", "/a?b=%zz"),
        ("/a?b=%", "/a?b=%"),
        ("/a?", "/a?"),
        ("/../?a", "400"),
        ("/a/..?b", "/?b"),
    ] {
        if seen == "400" {
            t.bad("3986 5.2.4", path, of(path));
        } else {
            t.passes("3986 6.2.2", path, of(path), saw(&format!("GET {seen}")));
        }
    }
    for path in [
        "/..", "/../", "/../a", "/a/../..", "/a/../../b", "/%2e%2e", "/%2e%2e/a", "/./..", "//..", "/a//../..", "/%2E./a",
        "/../../../../etc/passwd", "/a/%2e%2e/%2e%2e/b",
    ] {
        t.bad("3986 5.2.4", format!("above the root: {path}"), of(path));
    }
    for path in [
        "/%", "/%4", "/%zz", "/%4g", "/%g4", "/%%41", "/a%", "/a%2", "/%u002e", "/%-1", "/%+1", "/% 1", "/a/%/b", "/%2",
    ] {
        t.bad("3986 2.1", format!("a broken escape: {path}"), of(path));
    }
    for path in ["/%00", "/a%00b", "/%0a", "/%0d%0a", "/%0D", "/%7f", "/%1f", "/%09", "/a%00.html", "/%01"] {
        t.bad("3986 7.3", format!("an encoded control: {path}"), of(path));
    }
    for path in [
        "/a/..;/b", "/a/.;x/b", "/..;/a", "/a/%2e%2e;/b", "/a/..%3bx/b", "/a/..%2fb", "/a/..%2f..%2fb", "/a%2f..", "/a/b%5c..",
        "/..%5c", "/a%2f../b", "/a\\..\\b", "/a\\b", "/\\",
    ] {
        t.bad("3986 7.3", format!("hidden dots: {path}"), of(path));
    }
    t
}
