//! What a call costs, in the sandbox as the proxy runs it: with its deadline, its checks and the
//! lending of the request.

mod filter;
mod samples;
mod selector;

use serde::Serialize;

pub use filter::filter;
pub use samples::Spread;
pub use selector::selector;

/// What was measured of one plugin.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Each call, and how it was made.
    pub rows: Vec<Row>,
    /// Bytes of memory of an instance when it was started.
    pub memory_started: u64,
    /// And after all calls: what grows and grows is a leak.
    pub memory_ended: u64,
    /// Calls in between.
    pub calls: u64,
}

/// One kind of call.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Which call, of which size.
    pub call: String,
    /// Nanoseconds of one call.
    #[serde(flatten)]
    pub spread: Spread,
    /// Bytes that the host allocates for one call, if this process counts them.
    pub host_bytes: Option<f64>,
}

/// Reads how many bytes this thread has allocated so far. The program sets it, since it alone
/// knows its allocator.
pub type Allocated = fn() -> Option<u64>;

/// Measures one kind of call.
fn row<E>(
    call: String,
    allocated: Allocated,
    calls: &mut u64,
    mut step: impl FnMut() -> Result<(), E>,
) -> Result<Row, E> {
    let mut counted = || {
        *calls += 1;
        step()
    };
    let spread = Spread::take(&mut counted)?;
    const COUNTED: u32 = 100;
    let before = allocated();
    for _ in 0..COUNTED {
        counted()?;
    }
    let host_bytes = before.zip(allocated()).map(|(before, after)| {
        #[expect(clippy::cast_precision_loss, reason = "some kilobytes")]
        let bytes = after.saturating_sub(before) as f64;
        bytes / f64::from(COUNTED)
    });
    Ok(Row {
        call,
        spread,
        host_bytes,
    })
}
