//! What the binary carries along, so that it needs nothing beside a language's own compiler.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The manifests that the SDK's own is made of, where it stands alone.
pub(crate) const WORKSPACE_MANIFEST: &str = include_str!("../../../Cargo.toml");
pub(crate) const SDK_MANIFEST: &str = include_str!("../../Cargo.toml");

/// The versions of everything.
pub(crate) const LOCK: &str = include_str!("../../../Cargo.lock");

/// The contract's files, without what is written about it.
pub(crate) fn contract() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let all = CONTRACT.iter().copied();
    all.filter(|(path, _)| path.ends_with(".wit"))
}
