//! A connection and what is asked over it, in one future: no task is left behind.

use super::answer::{Answer, Failure};
use std::future::Future;

/// Runs the connection while the answer is awaited. If it breaks, its error tells more
/// than that of the answer; but an answer that came before counts.
pub(super) async fn drive<E: Into<Failure>>(
    connection: impl Future<Output = Result<(), E>>,
    answer: impl Future<Output = Answer>,
) -> Answer {
    #[expect(
        clippy::redundant_async_block,
        reason = "drops the connection when it has ended, or the answer would wait for it"
    )]
    let connection = async move { connection.await };
    tokio::pin!(connection, answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        ended = &mut connection => match (answer.await, ended) {
            (Err(_), Err(error)) => Err(error.into()),
            (answer, _) => answer,
        }
    }
}
