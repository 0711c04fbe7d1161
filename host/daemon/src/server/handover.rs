//! Listening sockets go to a new process, so that no connection is refused while the
//! binary is replaced.
//!
//! The new process waits on a socket in the file system. The old one connects, sends
//! the names of its listeners with their descriptors (`SCM_RIGHTS`, unix(7)), and
//! waits for one byte: the new process accepts. Without that byte nothing has changed
//! and the old process serves on. Both must belong to the same user, or the new one to root, who
//! is about to become that user.

use super::listeners::Inherited;
use super::privileges::Identity;
use rustix::io::{IoSlice, IoSliceMut};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg, sockopt::socket_peercred,
};
use rustix::process::geteuid;
use std::fs;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

/// Sockets that one handover can carry (the kernel's SCM_MAX_FD is 253).
const MAX_SOCKETS: usize = 128;
/// Bytes of all names together.
const MAX_NAMES: usize = 16 << 10;
/// How long the old process waits for the new one.
const PATIENCE: Duration = Duration::from_secs(10);

/// The new process's side: what it was given, and the word that it still owes.
pub struct Received {
    /// The sockets by configured address.
    pub sockets: Inherited,
    old: UnixStream,
}

/// Waits for the old process at that path, which is ours or belongs to whom we are about to
/// become. Blocks.
///
/// # Errors
/// When the path cannot be bound, or what comes is not a handover.
pub fn receive(path: &Path, future: Option<&Identity>) -> io::Result<Received> {
    remove_stale(path)?;
    let listener = listen(path, future)?;
    let result = loop {
        let (old, _) = listener.accept()?;
        let user = socket_peercred(&old)?.uid;
        if user != geteuid() && future.is_none_or(|future| future.uid() != user.as_raw()) {
            tracing::warn!("a process of another user wanted to hand over sockets");
            continue;
        }
        match read(old) {
            Ok(received) => break Ok(received),
            Err(error) => tracing::warn!(%error, "this was no handover; waiting on"),
        }
    };
    let _ = fs::remove_file(path);
    result
}

/// Listens before the path exists: who finds it there may connect at once.
fn listen(path: &Path, future: Option<&Identity>) -> io::Result<UnixListener> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    remove_stale(&temporary)?;
    let listener = match future {
        Some(future) => future.bind(&temporary)?,
        None => UnixListener::bind(&temporary)?,
    };
    fs::rename(&temporary, path)?;
    Ok(listener)
}

impl Received {
    /// Tells the old process that its sockets are in use here.
    ///
    /// # Errors
    /// When it is gone; the sockets are ours all the same.
    pub fn confirm(mut self) -> io::Result<()> {
        self.old.write_all(&[1])
    }
}

/// The old process's side. Returns once the new process has confirmed. Blocks.
///
/// # Errors
/// When nobody waits at the path or nobody confirms: this process must serve on.
pub fn give(path: &Path, sockets: &[(String, BorrowedFd<'_>)]) -> io::Result<()> {
    if sockets.len() > MAX_SOCKETS {
        return Err(io::Error::other(format!(
            "more than {MAX_SOCKETS} listeners cannot be handed over"
        )));
    }
    let mut new = UnixStream::connect(path)?;
    let user = socket_peercred(&new)?.uid;
    if user != geteuid() && !user.is_root() {
        return Err(io::Error::other(
            "the process that waits belongs to another user",
        ));
    }
    new.set_read_timeout(Some(PATIENCE))?;
    let names = sockets
        .iter()
        .map(|(name, _)| name.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    let descriptors: Vec<BorrowedFd<'_>> = sockets.iter().map(|(_, socket)| *socket).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_SOCKETS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(
        &new,
        &[IoSlice::new(names.as_bytes())],
        &mut ancillary,
        SendFlags::empty(),
    )?;
    new.read_exact(&mut [0])
}

fn read(old: UnixStream) -> io::Result<Received> {
    old.set_read_timeout(Some(PATIENCE))?;
    let mut names = vec![0; MAX_NAMES];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_SOCKETS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let message = recvmsg(
        &old,
        &mut [IoSliceMut::new(&mut names)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let descriptors: Vec<OwnedFd> = ancillary
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        })
        .flatten()
        .collect();
    let names = String::from_utf8_lossy(&names[..message.bytes]).into_owned();
    let names: Vec<&str> = names.split('\n').filter(|name| !name.is_empty()).collect();
    if names.is_empty() || names.len() != descriptors.len() {
        return Err(io::Error::other(format!(
            "{} names came with {} sockets",
            names.len(),
            descriptors.len()
        )));
    }
    let sockets = names
        .into_iter()
        .map(str::to_owned)
        .zip(descriptors)
        .collect();
    Ok(Received { sockets, old })
}

/// A socket file that a dead process left behind is removed; anything else is not ours.
fn remove_stale(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(metadata) if metadata.file_type().is_socket() => fs::remove_file(path),
        Ok(_) => Err(io::Error::other(format!(
            "{} is not a socket",
            path.display()
        ))),
    }
}

/// The sockets as `give` wants them.
pub fn borrowed<T: AsFd>(sockets: &[(String, T)]) -> Vec<(String, BorrowedFd<'_>)> {
    sockets
        .iter()
        .map(|(name, socket)| (name.clone(), socket.as_fd()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_socket_keeps_its_queue_across_the_handover() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("upgrade.sock");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let _waiting = TcpStream::connect(address).unwrap();
        let new = std::thread::spawn({
            let path = path.clone();
            move || {
                let received = receive(&path, None).unwrap();
                let socket = TcpListener::from(received.sockets["a"].try_clone().unwrap());
                received.confirm().unwrap();
                socket.accept().unwrap();
            }
        });
        // The new process may not wait yet.
        let sockets = [("a".to_owned(), listener)];
        while give(&path, &borrowed(&sockets)).is_err() {
            std::thread::yield_now();
        }
        new.join().unwrap();
    }
}
