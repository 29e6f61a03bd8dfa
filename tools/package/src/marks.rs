//! Texts that betray what must not be in a binary that is sent.
//!
//! A stripped binary has no names of its own functions, but it keeps what it prints: the messages
//! of a linked C library, the source paths that panics name, the arguments that it answers to.

use std::fmt;

/// Something that a binary holds and must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What it shows, in words.
    pub what: &'static str,
    /// The text that was found; empty where it is private.
    pub text: &'static str,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text {
            "" => f.write_str(self.what),
            text => write!(f, "{} ({text:?})", self.what),
        }
    }
}

const fn mark(what: &'static str, text: &'static str) -> Mark {
    Mark { what, text }
}

const OPENSSL: &str = "OpenSSL";
const AWS_LC: &str = "AWS's libcrypto";
const DESCRIPTION: &str = "a description that only debug builds answer with";
const TOOLS: &str = "development's own code";
const FAILPOINTS: &str = "failpoints";

/// Each is in every build of what it betrays, and in nothing that a function may link.
const MARKS: [Mark; 15] = [
    // The version that each build of the library keeps, and the paths that its Rust crates name.
    mark(OPENSSL, "OpenSSL 1."),
    mark(OPENSSL, "OpenSSL 3."),
    mark(OPENSSL, "/openssl-0."),
    mark(OPENSSL, "/native-tls-0."),
    mark(AWS_LC, "AWS-LC"),
    mark(AWS_LC, "/aws-lc/crypto/"),
    mark(AWS_LC, "/aws-lc-rs-"),
    // Every function answers to these in a debug build (`edge::described`).
    mark(DESCRIPTION, "--openapi"),
    mark(DESCRIPTION, "--settings"),
    // Panics name their file: a path below tools/ or tests/, or a module for tests.
    mark(TOOLS, "tools/sandbox/"),
    mark(TOOLS, "tools/stage/"),
    mark(TOOLS, "tools/runtime-api/"),
    mark(TOOLS, "src/testing.rs"),
    // The variable that the crate `fail` reads them from, and its name.
    mark(FAILPOINTS, "FAILPOINTS"),
    mark(FAILPOINTS, "/fail-0."),
];

/// The marks in a binary; `private` are this machine's own texts, by what they are.
pub(crate) fn found(bytes: &[u8], private: &[(&'static str, String)]) -> Vec<Mark> {
    let holds =
        |text: &str| !text.is_empty() && memchr::memmem::find(bytes, text.as_bytes()).is_some();
    let known = MARKS.iter().filter(|mark| holds(mark.text)).cloned();
    let private = private.iter().filter(|(_, text)| holds(text));
    known
        .chain(private.map(|(what, _)| mark(what, "")))
        .collect()
}

/// Whether a function that is taken out of a shared library belongs to a TLS library.
pub(crate) fn is_foreign_tls(import: &str) -> bool {
    const FAMILIES: [&str; 7] = [
        "SSL_", "TLS_", "EVP_", "BIO_", "X509_", "CRYPTO_", "gnutls_",
    ];
    FAMILIES.iter().any(|family| import.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_is_found_wherever_it_stands() {
        for mark in MARKS {
            let planted = [b"\x7fELF\0\0".as_slice(), mark.text.as_bytes(), b"\0more"].concat();
            assert_eq!(found(&planted, &[]), [mark]);
        }
        assert_eq!(found(b"rustls with ring, and nothing else", &[]), []);
    }

    #[test]
    fn a_private_text_is_told_by_what_it_is_and_not_shown() {
        let private = [("the path of the work tree", "/home/ada/shop".to_owned())];
        let marks = found(b"...\0/home/ada/shop/shared/edge/src/serve.rs", &private);
        assert_eq!(marks.len(), 1);
        assert_eq!(marks[0].to_string(), "the path of the work tree");
        assert_eq!(found(b"shared/edge/src/serve.rs", &private), []);
    }

    #[test]
    fn a_tls_librarys_functions_are_told_from_glibcs() {
        assert!(is_foreign_tls("SSL_read") && is_foreign_tls("EVP_DigestInit_ex"));
        assert!(!is_foreign_tls("memcpy") && !is_foreign_tls("getaddrinfo"));
    }
}
