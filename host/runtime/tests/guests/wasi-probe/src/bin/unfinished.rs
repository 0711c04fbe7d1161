//! Flushes a line that has no end.

use std::io::Write;

fn main() -> std::io::Result<()> {
    print!("no ");
    std::io::stdout().flush()?;
    print!("newline");
    std::io::stdout().flush()
}
