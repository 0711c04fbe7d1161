//! Any bytes: an answer stands whatever follows, and records make no difference.

use tidegate_wire::client_hello::{MAX_HELLO, read};

/// The message in records of so many bytes.
fn records(message: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in message.chunks(size) {
        bytes.extend([22, 3, 1]);
        bytes.extend((part.len() as u16).to_be_bytes());
        bytes.extend(part);
    }
    bytes
}

/// Panics where this is not so.
pub fn check(data: &[u8]) {
    let whole = read(data);
    assert!(whole != Ok(None) || data.len() < MAX_HELLO);
    let step = 1 + data.len() / 64;
    for cut in (0..data.len().min(MAX_HELLO)).step_by(step) {
        let answer = read(&data[..cut]);
        assert!(
            answer == Ok(None) || answer == whole,
            "{cut}: {answer:?}, then {whole:?}"
        );
    }
    if let Ok(Some(hello)) = whole {
        assert!(hello.alpn.iter().all(|word| !word.is_empty()));
        if let Some(name) = hello.server_name {
            assert_eq!(name, name.to_lowercase());
            assert!(name.len() <= 253 && !name.split('.').any(str::is_empty));
        }
    }
    // The same as a message, whose length is put right.
    let Some((size, body)) = data.split_first().filter(|(_, body)| body.len() < 3000) else {
        return;
    };
    let length = (body.len() as u32).to_be_bytes();
    let message = [&[1], &length[1..], body].concat();
    let one = read(&records(&message, 16_384));
    assert_ne!(one, Ok(None));
    assert_eq!(read(&records(&message, 3 + usize::from(*size))), one);
}
