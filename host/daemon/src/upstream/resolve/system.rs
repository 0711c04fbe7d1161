//! Who is asked, and for what: as configured, or as the system has it.
//!
//! The system's files change while we run (a network comes up, a container joins another
//! one), so they are read again when they have changed: one look at each before a look-up.
//! Files that cannot be read any more leave what was read last.

use crate::config::value::Family;
use hickory_resolver::Hosts;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::system_conf::parse_resolv_conf;
use parking_lot::Mutex;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::answer::{Answer, Found};

/// Where look-ups begin.
#[derive(Default)]
pub struct Directory {
    /// Asked in this order.
    pub servers: Vec<SocketAddr>,
    /// Domains that short names are completed with.
    pub search: Vec<Name>,
    /// Names with fewer dots are short.
    pub ndots: usize,
    /// What needs no server.
    pub hosts: Hosts,
}

impl Directory {
    /// The full names that the host may mean, in the order in which they are tried.
    pub fn candidates(&self, host: &str) -> Result<Vec<Name>, String> {
        let name: Name = host
            .parse()
            .map_err(|error| format!("{host} cannot be a name in DNS: {error}"))?;
        let mut full = name.clone();
        full.set_fqdn(true);
        if name.is_fqdn() || name.is_localhost() {
            return Ok(vec![full]);
        }
        let complete = |domain| name.clone().append_domain(domain).ok();
        let mut names: Vec<Name> = self.search.iter().filter_map(complete).collect();
        let dots = usize::from(name.num_labels()).saturating_sub(1);
        let place = if dots < self.ndots { names.len() } else { 0 };
        names.insert(place, full);
        Ok(names)
    }

    /// What the hosts file says of a host, if it knows an address that counts: then no
    /// server is asked, for the other family neither. It lives for no time, since looking
    /// again costs nothing.
    pub fn host(&self, host: &str, family: Family) -> Option<Answer> {
        let mut name: Name = host.parse().ok()?;
        name.set_fqdn(true);
        let known = |kind| {
            let lookup = self
                .hosts
                .lookup_static_host(&Query::query(name.clone(), kind));
            let records = lookup.iter().flat_map(|lookup| lookup.answers());
            let addresses: Vec<_> = records.filter_map(|record| record.data.ip_addr()).collect();
            if addresses.is_empty() {
                Found::Nothing(format!("the hosts file has no {kind} for {host}"))
            } else {
                Found::Addresses(addresses, Duration::ZERO)
            }
        };
        let answer = Answer {
            v4: (family != Family::V6).then(|| known(RecordType::A)),
            v6: (family != Family::V4).then(|| known(RecordType::AAAA)),
        };
        answer.has_addresses().then_some(answer)
    }
}

/// Where directories come from.
pub enum Source {
    /// The configuration; stays as it is.
    Given(Arc<Directory>),
    /// Files of the system.
    System(Mutex<System>),
}

impl Source {
    /// Exactly these servers: no search, no hosts file.
    pub fn given(servers: Vec<SocketAddr>) -> Self {
        Self::Given(Arc::new(Directory {
            servers,
            ..Directory::default()
        }))
    }

    /// The files of this system, which must be there now.
    pub fn system() -> Result<Self, String> {
        let system = System::read("/etc/resolv.conf".into(), "/etc/hosts".into())?;
        Ok(Self::System(Mutex::new(system)))
    }

    /// The directory as it is now.
    pub fn directory(&self) -> Arc<Directory> {
        match self {
            Self::Given(directory) => directory.clone(),
            Self::System(system) => system.lock().directory(),
        }
    }
}

/// What tells one state of a file from another; none when it is not there.
type Stamp = Option<(u64, u64, i64, i64, u64)>;

/// The files of a system and what was read from them.
pub struct System {
    resolv: PathBuf,
    hosts: PathBuf,
    stamps: [Stamp; 2],
    directory: Arc<Directory>,
}

impl System {
    fn read(resolv: PathBuf, hosts: PathBuf) -> Result<Self, String> {
        // Before the reading: a change in between is then seen at the next look.
        let stamps = [stamp(&resolv), stamp(&hosts)];
        let directory = Arc::new(read(&resolv, &hosts)?);
        Ok(Self {
            resolv,
            hosts,
            stamps,
            directory,
        })
    }

    fn directory(&mut self) -> Arc<Directory> {
        let stamps = [stamp(&self.resolv), stamp(&self.hosts)];
        if stamps != self.stamps {
            self.stamps = stamps;
            match read(&self.resolv, &self.hosts) {
                Ok(directory) => self.directory = Arc::new(directory),
                Err(error) => tracing::warn!(error, "the servers of names stay as they were"),
            }
        }
        self.directory.clone()
    }
}

fn stamp(path: &Path) -> Stamp {
    let file = fs::metadata(path).ok()?;
    Some((
        file.dev(),
        file.ino(),
        file.mtime(),
        file.mtime_nsec(),
        file.size(),
    ))
}

fn read(resolv: &Path, hosts: &Path) -> Result<Directory, String> {
    let path = resolv.display();
    let text = fs::read(resolv).map_err(|error| format!("cannot read {path}: {error}"))?;
    let (config, options) = parse_resolv_conf(text)
        .map_err(|error| format!("{path} does not say whom to ask for names: {error}"))?;
    let servers = config
        .name_servers()
        .iter()
        .flat_map(|server| server.connections.first().map(|by| (server.ip, by.port)));
    // As in libc: without a list, the domain of this machine is the list.
    let search = match config.search() {
        [] => config.domain().cloned().into_iter().collect(),
        search => search.to_vec(),
    };
    let mut directory = Directory {
        servers: servers.map(SocketAddr::from).collect(),
        search,
        ndots: options.ndots,
        hosts: Hosts::default(),
    };
    // A system may well be without it.
    if let Ok(file) = fs::File::open(hosts) {
        let path = hosts.display();
        let read = directory.hosts.read_hosts_conf(file);
        read.map_err(|error| format!("cannot read {path}: {error}"))?;
    }
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn names(directory: &Directory, host: &str) -> Vec<String> {
        let names = directory.candidates(host).unwrap();
        names.iter().map(Name::to_string).collect()
    }

    #[test]
    fn short_names_are_completed_first_and_long_ones_last() {
        let directory = Directory {
            search: vec!["a.test.".parse().unwrap(), "b.test.".parse().unwrap()],
            ndots: 2,
            ..Directory::default()
        };
        assert_eq!(
            names(&directory, "web.x"),
            ["web.x.a.test.", "web.x.b.test.", "web.x."]
        );
        assert_eq!(names(&directory, "web.x.y")[0], "web.x.y.");
        assert_eq!(names(&directory, "localhost"), ["localhost."]);
        let long = "x.".repeat(126) + "y";
        assert_eq!(names(&directory, &long).len(), 1, "too long to complete");
    }

    #[test]
    fn given_servers_know_no_search() {
        let Source::Given(directory) = Source::given(Vec::new()) else {
            unreachable!()
        };
        assert_eq!(names(&directory, "web"), ["web."]);
        assert_eq!(names(&directory, "_odd.b\u{fc}cher.test").len(), 1);
        assert!(directory.candidates(&"x".repeat(64)).is_err());
        assert!(directory.candidates("a..b").is_err());
    }

    #[test]
    fn the_files_of_the_system_are_read_and_read_again() {
        let at = tempfile::tempdir().unwrap();
        let (resolv, hosts) = (at.path().join("resolv.conf"), at.path().join("hosts"));
        let read = || System::read(resolv.clone(), hosts.clone());
        assert!(read().err().unwrap().contains("cannot read"));
        fs::write(&resolv, "search a.test\n").unwrap();
        assert!(read().err().unwrap().contains("does not say whom to ask"));

        let text = "search a.test b.test\noptions ndots:3\nnameserver 192.0.2.1\nnameserver ::1\n";
        fs::write(&resolv, text).unwrap();
        let mut system = read().unwrap();
        let directory = system.directory();
        let servers: Vec<SocketAddr> =
            vec!["192.0.2.1:53".parse().unwrap(), "[::1]:53".parse().unwrap()];
        assert_eq!(directory.servers, servers);
        assert_eq!((directory.search.len(), directory.ndots), (2, 3));
        assert!(directory.host("web", Family::Any).is_none());

        fs::write(
            &hosts,
            "10.0.0.1 web www\n10.0.0.2 web\n::5 six\nnonsense\n",
        )
        .unwrap();
        let directory = system.directory();
        let addresses = |found: Option<Found>| match found {
            Some(Found::Addresses(addresses, ttl)) if ttl.is_zero() => addresses,
            _ => Vec::new(),
        };
        let web = directory.host("web", Family::Any).unwrap();
        let both: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        assert_eq!(addresses(web.v4), both);
        assert!(matches!(web.v6, Some(Found::Nothing(_))), "not asked for");
        assert!(directory.host("web", Family::V6).is_none(), "ask a server");
        assert!(directory.host("six", Family::V6).is_some());

        fs::remove_file(&resolv).unwrap();
        assert_eq!(system.directory().servers, servers, "the last good");
    }
}
