//! The database as it is on AWS: behind TLS, with a certificate of an authority that nobody knows but
//! who was given its own certificate, `/var/task/database-ca.pem`.
//!
//! Postgres's protocol begins in clear text: a client that wants TLS sends a request for it, gets one
//! byte, and begins the handshake (PostgreSQL, "Message Flow", "SSL Session Encryption").

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use stage::Stage;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use url::Url;

/// By this name the certificate is for it.
pub(crate) const NAME: &str = "localhost";

/// `SSLRequest`: a length of eight bytes, and a number that is no protocol's version.
const WANTS_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// TLS in front of a database server that has none.
pub(crate) struct CertifiedDatabase {
    /// The authority's certificate, in PEM form.
    pub(crate) authority: String,
    /// Where the function finds it.
    pub(crate) certificates: PathBuf,
    pub(crate) port: u16,
    serving: JoinHandle<()>,
}

impl CertifiedDatabase {
    /// Begins to listen.
    ///
    /// # Panics
    /// Where no port is free.
    pub(crate) async fn before(stage: &Stage, certificates: PathBuf) -> Self {
        let url: Url = stage.db.url().parse().expect("an address");
        let host = url.host_str().unwrap_or("127.0.0.1");
        let database = format!("{host}:{}", url.port().unwrap_or(5432));
        let (authority, config) = certified();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let serving = tokio::spawn(serve(
            listener,
            TlsAcceptor::from(Arc::new(config)),
            database,
        ));
        Self {
            authority,
            certificates,
            port: address.port(),
            serving,
        }
    }
}

impl Drop for CertifiedDatabase {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// An authority made for the occasion, and a server with a certificate of it.
fn certified() -> (String, ServerConfig) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([NAME.to_owned()]).expect("parameters");
    let certificate = params.signed_by(&key, &authority).expect("a certificate");
    let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let provider = Arc::new(default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring's versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private);
    (authority.pem(), config.expect("a server's configuration"))
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, database: String) {
    while let Ok((client, _)) = listener.accept().await {
        let (acceptor, database) = (acceptor.clone(), database.clone());
        tokio::spawn(async move {
            // A client that does not trust us, or goes away, has a reason that is its own to tell.
            drop(pass(client, acceptor, &database).await);
        });
    }
}

async fn pass(mut client: TcpStream, acceptor: TlsAcceptor, database: &str) -> std::io::Result<()> {
    let mut request = [0; 8];
    client.read_exact(&mut request).await?;
    if request != WANTS_TLS {
        // Clear text: hung up on.
        return Ok(());
    }
    client.write_all(b"S").await?;
    let mut client = acceptor.accept(client).await?;
    let mut server = TcpStream::connect(database).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
