//! Any bytes: an answer stands whatever follows, and what was read can be written again.

use tidegate_wire::proxy_protocol::{Header, MAX_HEADER, read, write_v1, write_v2};

/// Panics where this is not so.
pub fn check(data: &[u8]) {
    let whole = read(data);
    assert!(whole != Ok(None) || data.len() < MAX_HEADER);
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
    assert!(length <= data.len() && length <= MAX_HEADER);
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
