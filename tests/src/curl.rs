//! curl, as a user runs it.

use std::net::SocketAddr;
use std::path::Path;

use crate::soon;

/// What curl got.
#[derive(Debug)]
pub struct Got {
    /// 0 when all went well; see curl(1), EXIT CODES.
    pub exit: i32,
    /// The status of the answer; 0 without one.
    pub status: u16,
    /// `1.1` or `2`; `0` without an answer.
    pub version: String,
    /// The head of the last answer, in lower case names as they came.
    pub head: String,
    /// Its body.
    pub body: String,
    /// What curl says of itself.
    pub error: String,
}

impl Got {
    /// The first value of a field of the head.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Asks `url`, in whose host and port `address` stands for whatever the name is; in that
/// directory, where certificates lie.
///
/// # Panics
/// When there is no curl, or it does not come to an end.
pub async fn curl(directory: &Path, address: SocketAddr, url: &str, more: &[&str]) -> Got {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let port = address.port();
    let head = directory.join(format!(".head-{}", std::process::id()));
    let mut command = tokio::process::Command::new("curl");
    command
        .current_dir(directory)
        .args([
            "--silent",
            "--show-error",
            "--max-time",
            "20",
            "--path-as-is",
        ])
        .arg("--resolve")
        .arg(format!("{host}:{port}:{}", address.ip()))
        .arg("--dump-header")
        .arg(&head)
        .args(["--write-out", "\n%{http_code} %{http_version}"])
        .args(more)
        .arg(format!("{scheme}://{host}:{port}/{path}"));
    let output = soon("curl", command.output())
        .await
        .expect("curl is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, told) = text.rsplit_once('\n').unwrap_or(("", &text));
    let (status, version) = told.split_once(' ').unwrap_or(("0", "0"));
    let heads = std::fs::read_to_string(&head).unwrap_or_default();
    let last = heads
        .trim_end()
        .rsplit("\r\n\r\n")
        .next()
        .unwrap_or_default();
    Got {
        exit: output.status.code().unwrap_or(-1),
        status: status.parse().unwrap_or(0),
        version: version.to_owned(),
        head: last.to_owned(),
        body: body.to_owned(),
        error: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
