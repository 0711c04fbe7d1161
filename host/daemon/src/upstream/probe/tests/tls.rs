//! Whom a probe believes.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Somebody who signs certificates.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// For a server at 127.0.0.1 that is called `probe.test`.
    pub fn acceptor(&self, protocol: &[u8]) -> TlsAcceptor {
        let names = vec!["probe.test".to_owned(), "127.0.0.1".to_owned()];
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &self.issuer)
            .unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config).into()
    }

    /// Its certificate in a file.
    pub fn file(&self, directory: &TempDir) -> PathBuf {
        let path = directory.path().join("ca.pem");
        std::fs::write(&path, &self.pem).unwrap();
        path
    }
}

pub(super) fn trusting(ca: PathBuf) -> CheckTls {
    CheckTls {
        server_name: None,
        ca: Some(ca),
        verify: true,
    }
}

async fn server(acceptor: TlsAcceptor) -> Server {
    Server::start(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut head = [0; 1024];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
                let _ = stream.shutdown().await;
            }
        }
    })
    .await
}

fn https(tls: CheckTls) -> Health {
    health(Check::Http(HttpCheck {
        tls: Some(tls),
        ..get()
    }))
}

#[tokio::test]
async fn a_probe_believes_whom_it_was_told_to_believe() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let tls = trusting(ours.file(&directory));
    let good = server(ours.acceptor(b"http/1.1")).await;
    let bad = server(theirs.acceptor(b"http/1.1")).await;

    assert_eq!(ask(https(tls.clone()), good.address).await, passed("200"));
    let unknown = words(ask(https(tls.clone()), bad.address).await);
    assert!(unknown.contains("UnknownIssuer"), "{unknown}");

    let unchecked = CheckTls {
        verify: false,
        ..tls.clone()
    };
    assert_eq!(ask(https(unchecked), bad.address).await, passed("200"));

    let named = |name: &str| {
        https(CheckTls {
            server_name: Some(name.to_owned()),
            ..tls.clone()
        })
    };
    let right = ask(named("probe.test"), good.address).await;
    assert_eq!(right, passed("200"));
    let wrong = words(ask(named("another.test"), good.address).await);
    assert!(wrong.contains("not valid for name"), "{wrong}");
    // Without a name of its own, the Host field is the name.
    let hosted = |host: &str| {
        health(Check::Http(HttpCheck {
            host: Some(host.to_owned()),
            tls: Some(tls.clone()),
            ..get()
        }))
    };
    let right = ask(hosted("probe.test:8443"), good.address).await;
    assert_eq!(right, passed("200"));
    let wrong = words(ask(hosted("another.test"), good.address).await);
    assert!(wrong.contains("not valid for name"), "{wrong}");
}

#[tokio::test]
async fn an_endpoint_comes_up_over_tls() {
    let directory = tempfile::tempdir().unwrap();
    let ours = Authority::new("ours");
    let server = server(ours.acceptor(b"http/1.1")).await;
    let check = https(trusting(ours.file(&directory)));
    let (_prober, _target, mut ear) = watch(&check, server.address);
    assert_eq!(ear.next().await, Verdict::Up);
    drop(server);
    assert_eq!(ear.next().await, Verdict::Down);
}

#[tokio::test]
async fn a_server_without_tls_fails() {
    let directory = tempfile::tempdir().unwrap();
    let plain = Server::start(|stream, _| answer(stream, 200)).await;
    let tls = trusting(Authority::new("ours").file(&directory));
    let check = https(tls);
    let short = Health {
        timeout: SHORT,
        ..check.clone()
    };
    assert_eq!(ask(short, plain.address).await, timed_out());
    let greeting = Server::start(|mut stream, _| async move {
        let _ = stream.write_all(b"220 mail.test ESMTP, go ahead\r\n").await;
        let _ = stream.read(&mut [0; 1024]).await;
    })
    .await;
    let greeting = words(ask(check, greeting.address).await);
    assert!(greeting.contains("corrupt message"), "{greeting}");
}

#[tokio::test]
async fn changed_certificates_make_another_check() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let check = Arc::new(https(trusting(ours.file(&directory))));
    let prober = Prober::new();
    let first = prober.checker(&check).unwrap();
    assert!(Arc::ptr_eq(&first, &prober.checker(&check).unwrap()));
    theirs.file(&directory);
    assert!(!Arc::ptr_eq(&first, &prober.checker(&check).unwrap()));
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_a_problem() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    let problem = |tls: CheckTls| {
        let checker = Prober::new().checker(&Arc::new(https(tls)));
        checker.err().expect("it cannot be used")
    };
    let missing = problem(trusting(path.clone()));
    assert!(missing.starts_with("cannot read "), "{missing}");
    assert!(missing.contains("ca.pem: No such file"), "{missing}");
    for (content, says) in [
        ("no PEM at all", "the `ca` holds no certificate"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "the `ca` has a certificate that cannot be used",
        ),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n", "the `ca` is not PEM"),
    ] {
        std::fs::write(&path, content).unwrap();
        let problem = problem(trusting(path.clone()));
        assert!(problem.starts_with(says), "{problem}");
    }
    let name = CheckTls {
        server_name: Some("no name".to_owned()),
        ca: None,
        verify: false,
    };
    let says = "`no name` is no name that a certificate can have";
    assert_eq!(problem(name), says);
}

#[tokio::test]
async fn the_system_vouches_for_no_stranger() {
    let stranger = server(Authority::new("ours").acceptor(b"http/1.1")).await;
    let check = Arc::new(https(CheckTls {
        server_name: None,
        ca: None,
        verify: true,
    }));
    match Prober::new().checker(&check) {
        Ok(_) => {
            let unknown = words(ask((*check).clone(), stranger.address).await);
            assert!(unknown.contains("UnknownIssuer"), "{unknown}");
        }
        // Not every system has certificates.
        Err(problem) => assert!(problem.ends_with("with `ca`"), "{problem}"),
    }
}
