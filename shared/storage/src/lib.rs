//! Objects in an S3 bucket: addresses that let a browser put or fetch one object, and reading,
//! writing and deleting from a function.
//!
//! **Owns** the protocol: addresses, signatures (SigV4 in the query, by `rusty-s3`), time limits,
//! which call may be repeated, and what each failure says.
//!
//! **Invariants.** Nothing is read or sent without a bound in bytes and in time. A call is repeated only
//! where once and twice are the same; [`Storage::create_multipart`] is the one where they are not. A
//! [`Key`] cannot climb out of the bucket. Credentials do not print.
//!
//! **Refuses to know** what the objects mean: no image, no CSV, no table, no bucket's policy.
//!
//! On AWS there is neither `STORAGE_ENDPOINT` nor `STORAGE_PUBLIC_ENDPOINT`, and the address is the bucket's own
//! (`https://<bucket>.s3.<region>.amazonaws.com`); in development they name the stand-in, which
//! is addressed by path. Outside facts are from the "Amazon S3 API Reference" and "Authenticating
//! Requests: Using Query Parameters (AWS Signature Version 4)" at `docs.aws.amazon.com/AmazonS3`.

mod answer;
mod client;
mod error;
mod exchange;
mod images;
mod key;
mod multipart;
mod objects;
mod presign;
mod settings;
mod signer;

pub use answer::{Object, Piece};
pub use client::{SetupError, Storage, TimeLimits};
pub use error::{Doubt, StorageError};
pub use images::ImagesUrl;
pub use key::{Key, KeyError};
pub use multipart::{LEAST_PART, MOST_PARTS, Multipart};
pub use objects::{Content, READ_LIMIT};
pub use presign::{Presigned, Promised};
pub use settings::StorageSettings;
pub use signer::Signer;
