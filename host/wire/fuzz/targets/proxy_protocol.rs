//! Any bytes: an answer stands whatever follows, and what was read can be written again.

use tidegate_wire::proxy_protocol::{Header, MAX_HEADER, read, write_v1, write_v2};

/// Panics where this is not so.
pub fn check(data: &[u8]) {
    let whole = read(data);
    let most = match data.starts_with(b"PROXY ") {
        true => 107,
        false => MAX_HEADER,
    };
    assert!(whole != Ok(None) || data.len() < most);
    for cut in 0..data.len().min(MAX_HEADER) {
        let answer = read(&data[..cut]);
        assert!(
            answer == Ok(None) || answer == whole,
            "{cut}: {answer:?}, then {whole:?}"
        );
    }
    let Ok(Some((header, length))) = whole else {
        return;
    };
    assert!(length <= data.len() && length <= most);
    // Who says PROXY and TCP is not taken for the proxy's own look at whether we live.
    let proxied = data.starts_with(b"PROXY TCP") || matches!(data[12..14], [0x21, 0x11 | 0x21]);
    assert_eq!(proxied, header != Header::Local);
    if let Header::Proxied {
        source,
        destination,
    } = header
    {
        assert_eq!(source.is_ipv4(), destination.is_ipv4());
        for write in [write_v1, write_v2] {
            let mut bytes = Vec::new();
            write(source, destination, &mut bytes);
            assert_eq!(read(&bytes), Ok(Some((header, bytes.len()))));
        }
    }
}
