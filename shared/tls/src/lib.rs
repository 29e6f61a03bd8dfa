//! The one TLS: rustls with ring and the certificate roots that are compiled in.
//!
//! **Owns** the choice. Every client of an outside system takes its TLS from here, so that no second
//! provider is linked, no certificate file is read at start, and a change of either is one change.
//!
//! **Refuses to know** who is talked to.

use std::sync::{Arc, Once};

use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
pub use rustls::{ClientConfig, Error};

/// A client's TLS, for libraries that take one. Needs no process-wide provider, so that making a
/// client stays a matter of microseconds.
///
/// # Errors
/// Where ring could not do the protocol's versions; a mistake of ours.
pub fn client_config() -> Result<ClientConfig, Error> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    Ok(
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}

/// Makes ring the process's provider, for libraries that ask the process for one. May be called
/// again.
pub fn use_ring() {
    static RING: Once = Once::new();
    // An error means that the process has already chosen its provider, which is ring as well.
    RING.call_once(|| drop(default_provider().install_default()));
}
