//! The placeholders of templates, as cargo-generate writes them.

/// What they stand for.
pub(super) struct Values([(&'static str, String); 3]);

impl Values {
    pub(super) fn new(name: &str, sdk: &str) -> Self {
        Values([
            ("{{project-name}}", name.to_owned()),
            ("{{crate_name}}", name.replace('-', "_")),
            ("{{sdk}}", sdk.to_owned()),
        ])
    }

    /// A file with its placeholders replaced.
    pub(super) fn fill(&self, content: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(content) else {
            return content.to_vec();
        };
        let filled = self.0.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        });
        filled.into_bytes()
    }
}
