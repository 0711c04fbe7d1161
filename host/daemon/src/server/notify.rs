//! What the service manager is told (sd_notify(3)): that we serve, reload, end, and are alive.
//!
//! A datagram of a line or several to the socket that `NOTIFY_SOCKET` names. Without that variable,
//! and whenever the socket does not take it, nothing happens: nobody who started us in another
//! way waits for a word.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::LazyLock;
use std::time::Duration;

static MANAGER: LazyLock<Option<Manager>> = LazyLock::new(|| {
    let name = std::env::var_os("NOTIFY_SOCKET")?;
    Manager::at(&name)
        .inspect_err(|error| tracing::warn!(%error, "the service manager cannot be told anything"))
        .ok()
});

/// Who started us, and wants to know.
struct Manager {
    socket: UnixDatagram,
    address: SocketAddr,
}

impl Manager {
    /// A path, or an abstract name behind `@`.
    fn at(name: &OsStr) -> io::Result<Self> {
        let address = match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(name)?,
        };
        let socket = UnixDatagram::unbound()?;
        // A manager that does not read must not hold up those who serve.
        socket.set_nonblocking(true)?;
        Ok(Self { socket, address })
    }

    fn tell(&self, state: &str) {
        let told = self.socket.send_to_addr(state.as_bytes(), &self.address);
        if let Err(error) = told {
            tracing::debug!(%error, "the service manager did not take a word");
        }
    }
}

/// We serve, and may be said to be ready; with a sentence for whoever looks.
pub fn ready(status: &str) {
    tell(&format!("READY=1\nSTATUS={status}"));
}

/// We read the configuration again. [`ready`] ends it, whatever comes of it.
pub fn reloading() {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
    tell(&format!(
        "RELOADING=1\nMONOTONIC_USEC={microseconds}\nSTATUS=reading the configuration"
    ));
}

/// We end.
pub fn stopping(status: &str) {
    tell(&format!("STOPPING=1\nSTATUS={status}"));
}

fn tell(state: &str) {
    if let Some(manager) = &*MANAGER {
        manager.tell(state);
    }
}

/// Says again and again that threads run here, twice as often as the manager wants to hear it. Ends
/// at once if it does not.
pub async fn watchdog() {
    let Some(period) = watched() else {
        return;
    };
    let mut ticks = tokio::time::interval(period / 2);
    loop {
        ticks.tick().await;
        tell("WATCHDOG=1");
    }
}

/// How long the manager waits for a sign of life of this process (sd_watchdog_enabled(3)).
fn watched() -> Option<Duration> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    if std::env::var_os("WATCHDOG_PID").is_some()
        && number("WATCHDOG_PID") != Some(std::process::id().into())
    {
        return None;
    }
    let period = number("WATCHDOG_USEC").filter(|period| *period > 0)?;
    Some(Duration::from_micros(period))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 256];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    #[test]
    fn a_path_and_an_abstract_name_are_both_sockets() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        Manager::at(path.as_os_str()).unwrap().tell("READY=1");
        assert_eq!(heard(&socket), "READY=1");

        let name = format!("tidegate-notify-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(name.as_bytes()).unwrap();
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        let manager = Manager::at(OsStr::new(&format!("@{name}"))).unwrap();
        manager.tell("STOPPING=1");
        assert_eq!(heard(&socket), "STOPPING=1");
    }

    #[test]
    fn a_manager_that_is_gone_costs_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nobody");
        Manager::at(path.as_os_str()).unwrap().tell("READY=1");
    }
}
