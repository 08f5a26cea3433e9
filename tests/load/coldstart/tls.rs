//! TLS in front of a plain server, under an authority that is made up for a run. Whoever is to
//! trust it does so by a file: the machine's own authorities and this one, so that reading them
//! costs a function what it costs at AWS.

use std::{fs, io::Write, net::SocketAddr, path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::NamedTempFile;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

/// Where systems keep the authorities that they trust.
const SYSTEM_BUNDLES: [&str; 2] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];
/// Whom the certificate is for.
const HOST: &str = "localhost";

/// An authority, and a server's certificate from it.
pub(crate) struct Authority {
    bundle: NamedTempFile,
    acceptor: TlsAcceptor,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let mut bundle = NamedTempFile::new().expect("a file");
        let known = SYSTEM_BUNDLES.into_iter().find(|path| Path::new(path).exists());
        let known = known.map(|path| fs::read(path).expect(path)).unwrap_or_default();
        bundle.write_all(&known).expect("written");
        bundle.write_all(issuer.pem().as_bytes()).expect("written");

        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([HOST.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a server's settings");
        Self { bundle, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// The file of all authorities to trust.
    pub(crate) fn bundle(&self) -> &Path {
        self.bundle.path()
    }

    /// Stands in front of a server.
    pub(crate) async fn guard(&self, server: SocketAddr) -> Guarded {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let acceptor = self.acceptor.clone();
        let accepting = async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(pass_on(acceptor.clone(), socket, server));
            }
        };
        Guarded { endpoint: format!("https://{HOST}:{port}"), server: tokio::spawn(accepting) }
    }
}

/// A server behind TLS. It takes no more connections when it is dropped.
pub(crate) struct Guarded {
    pub(crate) endpoint: String,
    server: JoinHandle<()>,
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Until either side has had enough: a function that is ended does not say so.
async fn pass_on(acceptor: TlsAcceptor, socket: TcpStream, server: SocketAddr) {
    let _unsent = socket.set_nodelay(true);
    let Ok(mut client) = acceptor.accept(socket).await else { return };
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let _unsent = server.set_nodelay(true);
    let _ended = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}
