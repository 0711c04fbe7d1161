//! Another user in place of root, for good, once everything is open that only root may open.
//!
//! The C library's calls are used, since they change all threads (nptl(7)); the kernel's own change
//! the calling one alone, and by then there are many.
//!
//! What the user may write must never be what root trusts at the next start, nor lead root
//! elsewhere. So nothing is given away but what is written and not read: the access log, and the
//! socket of a handover. The pid file stays root's, for root sends signals to whom it names; so does
//! the cache of compiled plugins, which is native code.

use crate::config::Problem;
use crate::config::value::RunAs;
use nix::unistd::{
    Gid, Group, Uid, User, getegid, geteuid, getgroups, getresgid, getresuid, setfsgid, setfsuid,
    setgroups, setresgid, setresuid,
};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, chownat, fchown, fstat, open};
use rustix::io::Errno;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

/// Whom root is to become.
#[derive(Debug, Clone)]
pub struct Identity {
    user: String,
    uid: Uid,
    gid: Gid,
}

/// Finds the user and the group. None if we are that user already: then nobody has to become
/// anybody.
///
/// # Errors
/// There is no such user or group, or only root could become it and we are not root.
pub fn find(run_as: &RunAs) -> Result<Option<Identity>, Problem> {
    let problem = |key: &str, message: String, help: &str| Problem {
        place: Some(run_as.place.clone()),
        path: format!("run_as.{key}"),
        message,
        help: Some(help.to_owned()),
    };
    let unknown = |key: &str, name: &str, cause: Option<nix::Error>| {
        let cause = cause.map_or(String::new(), |cause| format!(": {cause}"));
        let message = format!("this system knows no {key} `{name}`{cause}");
        problem(
            key,
            message,
            "make one with `useradd --system`, or name another",
        )
    };
    let user = match User::from_name(&run_as.user) {
        Ok(Some(user)) => user,
        Ok(None) => return Err(unknown("user", &run_as.user, None)),
        Err(error) => return Err(unknown("user", &run_as.user, Some(error))),
    };
    let gid = match &run_as.group {
        None => user.gid,
        Some(name) => match Group::from_name(name) {
            Ok(Some(group)) => group.gid,
            Ok(None) => return Err(unknown("group", name, None)),
            Err(error) => return Err(unknown("group", name, Some(error))),
        },
    };
    if user.uid.is_root() {
        let message = format!("`{}` is root, who keeps every privilege", run_as.user);
        return Err(problem("user", message, "name another user"));
    }
    let me = geteuid();
    if me == user.uid && getegid() == gid {
        return Ok(None);
    }
    if !me.is_root() {
        let message = format!(
            "only root can become `{}`, and this process is user {me} of group {}",
            run_as.user,
            getegid(),
        );
        let help = "start it as root, or as that user, or remove `run_as`";
        return Err(problem("user", message, help));
    }
    Ok(Some(Identity {
        user: user.name,
        uid: user.uid,
        gid,
    }))
}

impl Identity {
    /// The user's name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The user's number.
    pub fn uid(&self) -> u32 {
        self.uid.as_raw()
    }

    /// Becomes the user: all threads, without other groups, and without a way back.
    ///
    /// # Errors
    /// When that fails, or there is a way back; the process must end then.
    pub fn assume(&self) -> io::Result<()> {
        setgroups(&[])?;
        setresgid(self.gid, self.gid, self.gid)?;
        setresuid(self.uid, self.uid, self.uid)?;
        let (user, group) = (getresuid()?, getresgid()?);
        let users = [user.real, user.effective, user.saved];
        let groups = [group.real, group.effective, group.saved];
        let done = users == [self.uid; 3] && groups == [self.gid; 3] && getgroups()?.is_empty();
        // Capabilities would be a way back: they end with the user's number, unless the process
        // was told to keep them.
        let root = Uid::from_raw(0);
        let back = setresuid(root, root, root).is_ok() || setgroups(&[self.gid]).is_ok();
        if !done || back {
            return Err(io::Error::other(
                "this process could become root again; it does not serve like that",
            ));
        }
        Ok(())
    }

    /// Does something with the user's rights to files, on this thread alone: what is in a directory
    /// that the user can write may lead anywhere, and root would follow.
    ///
    /// # Errors
    /// When the rights cannot be had, or it fails.
    pub fn as_user<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let (uid, gid) = (setfsuid(self.uid), setfsgid(self.gid));
        // It tells of no failure, but answers who it was before (setfsuid(2)).
        let done = if setfsuid(self.uid) == self.uid && setfsgid(self.gid) == self.gid {
            work()
        } else {
            Err(io::Error::other(
                "the system does not lend the user's rights",
            ))
        };
        setfsuid(uid);
        setfsgid(gid);
        done
    }

    /// Sees to it that the user can write a log there, if that takes root: makes the file, or gives
    /// away one that root made where nobody else could have put another.
    ///
    /// # Errors
    /// When it cannot be made or given.
    pub fn make_log(&self, path: &Path) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let anew = flags | OFlags::CREATE | OFlags::EXCL;
        let (file, new) = match open(path, anew, Mode::from_raw_mode(0o640)) {
            Ok(file) => (file, true),
            // What cannot be opened like that is a link, or no file: for the user to open, or not.
            Err(Errno::EXIST) if is_roots(path)? => match open(path, flags, Mode::empty()) {
                Ok(file) => (file, false),
                Err(_) => return Ok(()),
            },
            Err(Errno::EXIST) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let found = fstat(&file)?;
        let is_file = FileType::from_raw_mode(found.st_mode).is_file();
        if new || (is_file && found.st_nlink == 1 && found.st_uid == 0) {
            let (uid, gid) = self.raw();
            fchown(&file, Some(uid), Some(gid))?;
        }
        Ok(())
    }

    /// A socket at that path to which the user can connect.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub fn bind(&self, path: &Path) -> io::Result<UnixListener> {
        if !is_roots(path)? {
            return self.as_user(|| UnixListener::bind(path));
        }
        let listener = UnixListener::bind(path)?;
        let (uid, gid) = self.raw();
        chownat(CWD, path, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(listener)
    }

    fn raw(&self) -> (rustix::fs::Uid, rustix::fs::Gid) {
        let (uid, gid) = (self.uid.as_raw(), self.gid.as_raw());
        (
            rustix::fs::Uid::from_raw(uid),
            rustix::fs::Gid::from_raw(gid),
        )
    }
}

/// Whether only root can put something at that path.
fn is_roots(path: &Path) -> io::Result<bool> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let found = std::fs::metadata(directory)?;
    Ok(found.uid() == 0 && found.mode() & 0o022 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Place;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn run_as(user: &str, group: Option<&str>) -> RunAs {
        RunAs {
            user: user.into(),
            group: group.map(str::to_owned),
            place: Place {
                file: Path::new("t").into(),
                line: 1,
                column: 1,
            },
        }
    }

    fn told(user: &str, group: Option<&str>) -> String {
        find(&run_as(user, group)).unwrap_err().to_string()
    }

    #[test]
    fn who_does_not_exist_is_told() {
        assert_eq!(
            told("no-such-user", None),
            "t:1:1: run_as.user: this system knows no user `no-such-user` (make one with `useradd --system`, or name another)"
        );
        let group = told("nobody", Some("no-such-group"));
        assert!(
            group.starts_with("t:1:1: run_as.group: this system knows no group `no-such-group`"),
            "{group}"
        );
    }

    #[test]
    fn root_is_nobody_to_become() {
        assert!(told("root", None).contains("`root` is root"));
    }

    #[test]
    fn only_root_can_become_another() {
        let found = find(&run_as("nobody", None));
        if geteuid().is_root() {
            let identity = found.unwrap().unwrap();
            assert_eq!(identity.user(), "nobody");
            assert_ne!(identity.uid(), 0);
        } else if User::from_uid(geteuid()).unwrap().unwrap().name == "nobody" {
            assert!(found.unwrap().is_none());
        } else {
            let told = found.unwrap_err().to_string();
            assert!(told.contains("only root can become `nobody`"), "{told}");
        }
    }

    /// A directory, and the owner of each file in it.
    fn directory(mode: u32) -> (tempfile::TempDir, impl Fn(&str) -> u32) {
        let directory = tempfile::tempdir().unwrap();
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(directory.path(), mode).unwrap();
        let path = directory.path().to_owned();
        let owner = move |name: &str| std::fs::symlink_metadata(path.join(name)).unwrap().uid();
        (directory, owner)
    }

    fn nobody() -> Option<Identity> {
        if !geteuid().is_root() {
            println!("skipped: only root can become another user");
            return None;
        }
        find(&run_as("nobody", None)).unwrap()
    }

    #[test]
    fn a_log_is_the_users_and_root_is_not_led_to_another_file() {
        let Some(identity) = nobody() else { return };
        let (directory, owner) = directory(0o755);
        let at = |name: &str| directory.path().join(name);
        for name in ["old", "linked", "two"] {
            std::fs::write(at(name), "").unwrap();
        }
        symlink(at("linked"), at("link")).unwrap();
        std::fs::hard_link(at("two"), at("names")).unwrap();
        identity.make_log(&at("new")).unwrap();
        identity.make_log(&at("old")).unwrap();
        identity.make_log(&at("link")).unwrap();
        identity.make_log(&at("names")).unwrap();
        assert_eq!(
            (owner("new"), owner("old")),
            (identity.uid(), identity.uid())
        );
        assert_eq!((owner("linked"), owner("two")), (0, 0));
    }

    #[test]
    fn what_others_could_have_put_there_is_not_given_away() {
        let Some(identity) = nobody() else { return };
        let (directory, owner) = directory(0o777);
        let path = directory.path().join("secret");
        std::fs::write(&path, "").unwrap();
        identity.make_log(&path).unwrap();
        assert_eq!(owner("secret"), 0);
    }

    #[test]
    fn rights_are_lent_and_come_back() {
        let Some(identity) = nobody() else { return };
        let (directory, owner) = directory(0o777);
        let secret = directory.path().join("secret");
        std::fs::write(&secret, "").unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let read = || std::fs::read(&secret);
        let lent = identity.as_user(read).unwrap_err();
        assert_eq!(lent.kind(), io::ErrorKind::PermissionDenied);
        assert!(read().is_ok());
        let write = || std::fs::write(directory.path().join("theirs"), "");
        identity.as_user(write).unwrap();
        assert_eq!(owner("theirs"), identity.uid());
    }

    #[test]
    fn a_socket_is_the_users_wherever_it_is() {
        let Some(identity) = nobody() else { return };
        for mode in [0o755, 0o777] {
            let (directory, owner) = directory(mode);
            identity.bind(&directory.path().join("socket")).unwrap();
            assert_eq!(owner("socket"), identity.uid(), "{mode:o}");
        }
    }
}
