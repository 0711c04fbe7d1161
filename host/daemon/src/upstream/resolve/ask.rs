//! One look-up: from a host name to what the servers say of it.
//!
//! The names that a host may mean are tried in order, and for each the servers. A server
//! that fails or is silent sends us to the next server; "no such name" is an answer and
//! sends us to the next name. If no server answers, the look-up has failed and no other
//! name is tried: another name that happens to exist is another service. (libc would go
//! on.) The families are asked for together, under the same name.
//!
//! hickory-resolver speaks with one server at a time for us. It would do more, but it
//! gives up on all servers when the first is silent for the whole time, and its cache and
//! its connections stay. So each question has a resolver of its own, without a cache:
//! one answer asked for is one answer fetched, and nothing outlives it.

use super::answer::{Answer, Found, read};
use super::entry::Question;
use super::system::{Directory, Source};
use crate::config::value::{self, Family};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RecordType};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Look-ups under way at a time; others wait their turn.
const AT_ONCE: usize = 64;

/// Asks servers.
pub struct Asker {
    source: Source,
    timeout: Duration,
    turns: Semaphore,
}

impl Asker {
    /// Asks those that are configured, or else those of the system.
    pub fn new(config: &value::Resolver) -> Result<Self, String> {
        let source = if config.servers.is_empty() {
            Source::system()?
        } else {
            Source::given(config.servers.clone())
        };
        Ok(Self::with(source, config.timeout))
    }

    /// Asks those of the source, and waits so long for each of their answers.
    pub fn with(source: Source, timeout: Duration) -> Self {
        Self {
            source,
            timeout,
            turns: Semaphore::new(AT_ONCE),
        }
    }

    /// Looks up. Ends in bounded time, and never by a panic: what reads the answers is
    /// not our code, and what they hold is anybody's choice.
    pub async fn ask(self: &Arc<Self>, question: &Question) -> Answer {
        let mut task = JoinSet::new();
        task.spawn(look_up(self.clone(), question.clone()));
        match task.join_next().await {
            Some(Ok(answer)) => answer,
            _ => Answer::same(
                question.resolve.family,
                &Found::Failed("the look-up broke off".into()),
            ),
        }
    }

    /// One family of one name, from the first server that answers.
    async fn family(&self, directory: &Directory, name: &Name, kind: RecordType) -> Found {
        let mut causes = Vec::new();
        for server in &directory.servers {
            match self.server(*server, name, kind).await {
                Found::Failed(cause) => causes.push(format!("{server}: {cause}")),
                found => return found,
            }
        }
        Found::Failed(format!("{kind} of {name}: {}", causes.join(", ")))
    }

    /// One family of one name, from one server.
    async fn server(&self, server: SocketAddr, name: &Name, kind: RecordType) -> Found {
        // One bound over everything that an answer may need: aliases that are questions
        // again, and TCP when it does not fit into a datagram.
        let asked = tokio::time::timeout(self.timeout, async {
            resolver(server, self.timeout)?
                .lookup(name.clone(), kind)
                .await
        });
        match asked.await.unwrap_or(Err(NetError::Timeout)) {
            Ok(lookup) => read(lookup.answers(), name, kind),
            Err(NetError::Timeout) => Found::Failed(format!("no answer within {:?}", self.timeout)),
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                ResponseCode::NXDomain => Found::Nothing(format!("there is no name {name}")),
                ResponseCode::NoError => Found::Nothing(format!("{name} has no {kind} records")),
                code => Found::Failed(code.to_string()),
            },
            Err(NetError::Dns(DnsError::ResponseCode(code))) => Found::Failed(code.to_string()),
            Err(error) => Found::Failed(error.to_string()),
        }
    }
}

async fn look_up(asker: Arc<Asker>, question: Question) -> Answer {
    // Fails only if the semaphore were closed, and nobody closes it.
    let _turn = asker.turns.acquire().await;
    let family = question.resolve.family;
    let directory = asker.source.directory();
    if let Some(answer) = directory.host(&question.host, family) {
        return answer;
    }
    let names = match directory.candidates(&question.host) {
        Ok(names) => names,
        Err(cause) => return Answer::same(family, &Found::Failed(cause)),
    };
    let mut answer = Answer { v4: None, v6: None };
    for name in names {
        let one = async |kind, counts: bool| match counts {
            true => Some(asker.family(&directory, &name, kind).await),
            false => None,
        };
        let (v4, v6) = tokio::join!(
            one(RecordType::A, family != Family::V6),
            one(RecordType::AAAA, family != Family::V4),
        );
        answer = Answer { v4, v6 };
        if answer.has_addresses() || answer.has_failed() {
            break;
        }
    }
    answer
}

/// A resolver for one question to one server.
fn resolver(server: SocketAddr, timeout: Duration) -> Result<TokioResolver, NetError> {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    let server = NameServerConfig::new(server.ip(), true, connections.into());
    let config = ResolverConfig::from_name_servers(vec![server]);
    let mut options = ResolverOpts::default();
    options.timeout = timeout;
    // A lost datagram is sent again within one attempt.
    options.attempts = 0;
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    // Their time to live counts too.
    options.preserve_intermediates = true;
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    *builder.options_mut() = options;
    builder.build()
}
