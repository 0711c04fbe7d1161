//! The lines that the proxy writes, kept as they come, and waiting for one of them.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::watch;

use crate::soon;

/// Everything that one stream of the proxy said so far. Cloning shares it.
#[derive(Clone)]
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    /// Number of lines, and whether there will be no more.
    grown: watch::Receiver<(usize, bool)>,
}

/// One log event.
#[derive(Clone, Debug)]
pub struct Line(Value);

impl Line {
    /// A line of a log in JSON; none when it is something else.
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line)
            .ok()
            .filter(Value::is_object)
            .map(Self)
    }

    /// The event's message, empty for a line that is no event.
    pub fn message(&self) -> &str {
        self.field("message").unwrap_or("")
    }

    /// A field as text, when it is there and is text.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.value(name).as_str()
    }

    /// A field of any type; null when absent. Looks at the fields of the event, then at
    /// the top of the object (access log lines have no `fields`).
    pub fn value(&self, name: &str) -> &Value {
        match &self.0["fields"][name] {
            Value::Null => &self.0[name],
            value => value,
        }
    }

    /// The whole line as JSON text, for looking for words anywhere in it.
    pub fn text(&self) -> String {
        self.0.to_string()
    }
}

impl Log {
    /// Reads `stream` to its end, in the background.
    pub(crate) fn follow(stream: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (grow, grown) = watch::channel((0, false));
        tokio::spawn({
            let lines = lines.clone();
            async move {
                let mut stream = BufReader::new(stream).lines();
                while let Ok(Some(line)) = stream.next_line().await {
                    let mut lines = lines.lock().expect("no reader panics with the lock");
                    lines.push(line);
                    grow.send_replace((lines.len(), false));
                }
                grow.send_modify(|(_, ended)| *ended = true);
            }
        });
        Self { lines, grown }
    }

    /// How many lines there are now: a mark for [`wait_after`](Self::wait_after).
    pub fn len(&self) -> usize {
        self.grown.borrow().0
    }

    /// Whether nothing was said yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every line from `mark` on, as it was written.
    pub fn raw(&self, mark: usize) -> Vec<String> {
        self.lines.lock().expect("no reader panics with the lock")[mark..].to_vec()
    }

    /// Every line from `mark` on that is JSON.
    pub fn lines(&self, mark: usize) -> Vec<Line> {
        self.raw(mark)
            .iter()
            .filter_map(|line| Line::parse(line))
            .collect()
    }

    /// The first line, said already or still to come, that satisfies `condition`.
    ///
    /// # Panics
    /// When none comes within [`PATIENCE`](crate::PATIENCE) or before the stream ends.
    pub async fn wait(&self, what: &str, condition: impl FnMut(&Line) -> bool) -> Line {
        self.wait_after(0, what, condition).await
    }

    /// The same, among the lines from `mark` on.
    ///
    /// # Panics
    /// As [`wait`](Self::wait).
    pub async fn wait_after(
        &self,
        mark: usize,
        what: &str,
        mut condition: impl FnMut(&Line) -> bool,
    ) -> Line {
        self.wait_text(mark, what, |text| {
            Line::parse(text).filter(|line| condition(line))
        })
        .await
    }

    /// What `find` makes of the first line from `mark` on of which it makes anything, for
    /// lines that are no JSON.
    ///
    /// # Panics
    /// As [`wait`](Self::wait).
    pub async fn wait_text<T>(
        &self,
        mark: usize,
        what: &str,
        mut find: impl FnMut(&str) -> Option<T>,
    ) -> T {
        let mut grown = self.grown.clone();
        let mut seen = mark;
        soon(what, async {
            loop {
                let (length, ended) = *grown.borrow_and_update();
                let fresh = self.raw(seen);
                seen += fresh.len();
                if let Some(found) = fresh.iter().find_map(|line| find(line)) {
                    return found;
                }
                if seen >= length && (ended || grown.changed().await.is_err()) {
                    panic!("the log ended without {what}:\n{}", self.raw(0).join("\n"));
                }
            }
        })
        .await
    }

    /// Returns when the stream ended: the process and its children closed it.
    pub async fn ended(&self) {
        let _ = soon(
            "the end of the log",
            self.grown.clone().wait_for(|(_, ended)| *ended),
        )
        .await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn a_line_is_found_whether_it_was_said_or_is_still_to_come() {
        let (mut write, read) = tokio::io::duplex(64);
        let log = Log::follow(read);
        write
            .write_all(b"no JSON\n{\"fields\":{\"message\":\"one\",\"n\":1}}\n")
            .await
            .expect("room");
        assert_eq!(
            log.wait("one", |line| line.message() == "one")
                .await
                .value("n"),
            1
        );
        assert_eq!(
            log.wait("one again", |line| line.message() == "one")
                .await
                .value("n"),
            1
        );

        let mark = log.len();
        let waiting = tokio::spawn({
            let log = log.clone();
            async move { log.wait_after(mark, "a status", |_| true).await }
        });
        write.write_all(b"{\"status\":200}\n").await.expect("room");
        assert_eq!(waiting.await.expect("no panic").value("status"), 200);

        drop(write);
        log.ended().await;
        assert_eq!((log.len(), log.lines(0).len()), (3, 2));
    }

    #[tokio::test]
    #[should_panic(expected = "the log ended without a word")]
    async fn the_end_of_the_log_ends_the_waiting() {
        let log = Log::follow(&b"{\"fields\":{}}\n"[..]);
        log.wait("a word", |line| line.message() == "word").await;
    }
}
