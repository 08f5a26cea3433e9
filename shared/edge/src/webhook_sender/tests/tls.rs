//! That a receiver's certificate must be good for its name.

use base64::{Engine, prelude::BASE64_STANDARD};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::outbound::{connector, native_roots};

/// An authority of the tests' own.
const ROOT: &str = "\
    MIIBSjCB8aADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCXRlc3Qgcm9vdDAgFw0yMDAxMDEwMDAwMDBaGA\
    8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJdGVzdCByb290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqGxy\
    5i86BVh8ABx3+K6Bf1jW4WV61FpI3RBwc1FePjATR6d3vOOd1HQOV3tczAK5ydyTxq+HdJdqeM5ooV2UHKMyMDAwDw\
    YDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUqNArIO5ohDozay6ZIwxOoLklRqcwCgYIKoZIzj0EAwIDSAAwRQIgadJI\
    g5cpqTM/BAKq8yDsj2KeJioozu7hUYCyxRspDFgCIQCmw0Clp8CU2q1ajdjlUTr7yII4Yp7jofqIMJsmAiIVdQ==";

/// Of `hooks.example.com`, from 2020 to 2120, by that authority.
const CERTIFICATE: &str = "\
    MIIBjzCCATWgAwIBAgIBAjAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAl0ZXN0IHJvb3QwIBcNMjAwMTAxMDAwMDAwWh\
    gPMjEyMDAxMDEwMDAwMDBaMBwxGjAYBgNVBAMMEWhvb2tzLmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0D\
    AQcDQgAEdRBEIG59K5m9wWCvM4J18zymFlJdcLWQeURGyW0cw/TR8CBfJfCdHBozZctWGtv99YNN62DqSjzi1wwiVM\
    18p6NuMGwwHAYDVR0RBBUwE4IRaG9va3MuZXhhbXBsZS5jb20wDAYDVR0TAQH/BAIwADAdBgNVHQ4EFgQU3BszOnB0\
    cfHPbRqxsz9fwCKAGyIwHwYDVR0jBBgwFoAUqNArIO5ohDozay6ZIwxOoLklRqcwCgYIKoZIzj0EAwIDSAAwRQIgQh\
    ZFZCWY0f+mSTHL/gNIxQZUWV1XQ6EX+C25BuQ7FHoCIQCRVJMq5RrQYJs3CbUm7QvX0j3hpVvXeOlwBCKVOf7mcQ==";

/// That certificate's key, which opens nothing else.
const KEY: &str = "\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgCUIfN/J3arjZY/JjmWrBYP6MduaD+hUUdNaR1SUBtx\
    ShRANCAAR1EEQgbn0rmb3BYK8zgnXzPKYWUl1wtZB5REbJbRzD9NHwIF8l8J0cGjNly1Ya2/31g03rYOpKPOLXDCJU\
    zXyn";

fn bytes(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).expect("base64")
}

/// A receiver that speaks TLS with that certificate, for one connection.
async fn tls_receiver() -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(bytes(KEY)));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocols")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(bytes(CERTIFICATE))], key)
        .expect("a certificate");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        // Whoever does not trust us ends it here.
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else {
            return;
        };
        read_request(&mut stream).await;
        stream.write_all(OK.as_bytes()).await.expect("answered");
        stream.shutdown().await.expect("closed");
    });
    port
}

fn trusting(root: Option<&str>) -> HttpWebhookSender {
    let mut roots = RootCertStore::empty();
    if let Some(root) = root {
        roots.add(CertificateDer::from(bytes(root))).expect("a root");
    }
    let sender = sender(Reach::Loopback, Known::at(&["127.0.0.1"]));
    let tls = OnceCell::new_with(Some(connector(roots).expect("a connector")));
    HttpWebhookSender { dialer: Dialer { tls, ..sender.dialer }, ..sender }
}

async fn posted(sender: &HttpWebhookSender, host: &str) -> Outcome {
    let port = tls_receiver().await;
    sender.post(&url(&format!("https://{host}:{port}/")), &[], "{}").await
}

#[tokio::test]
async fn a_receiver_is_reached_by_tls_under_its_certificates_name_only() {
    let sender = trusting(Some(ROOT));
    assert_eq!(posted(&sender, "hooks.example.com").await, Outcome::status(200));
    assert_eq!(posted(&sender, "evil.example.com").await, Outcome::Failed(SendFailure::Tls));
    assert_eq!(posted(&sender, "127.0.0.1").await, Outcome::Failed(SendFailure::Tls));
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_not_trusted() {
    let outcome = posted(&trusting(None), "hooks.example.com").await;
    assert_eq!(outcome, Outcome::Failed(SendFailure::Tls));
}

#[tokio::test]
async fn a_receiver_without_tls_is_not_posted_to_in_clear() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let read = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        stream.write_all(OK.as_bytes()).await.expect("answered");
        let mut request = [0; 4];
        stream.read_exact(&mut request).await.map(|_| request)
    });
    let (sender, url) = (trusting(Some(ROOT)), url(&format!("https://a.example:{port}/")));
    assert_eq!(sender.post(&url, &[], "{}").await, Outcome::Failed(SendFailure::Tls));
    let read = read.await.expect("read").expect("four bytes");
    assert_ne!(&read, b"POST");
}

#[test]
fn the_system_has_roots_of_trust() {
    assert!(!native_roots().is_empty());
}
