//! Where the objects lie: in memory, and in a folder where one is given, so that what was uploaded is
//! there after a restart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::randomness::code;

/// An object with what it was put with.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) bytes: Bytes,
    pub(super) about: About,
}

/// What is told of an object beside its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct About {
    key: String,
    pub(super) etag: String,
    pub(super) modified: DateTime<Utc>,
    #[serde(flatten)]
    pub(super) told: Told,
}

/// The headers that an object was put with, and is answered with.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) content_type: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
}

/// A multipart upload that is open.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) key: String,
    pub(super) told: Told,
    pub(super) parts: BTreeMap<u16, (String, Bytes)>,
}

/// The bucket.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    folder: Option<PathBuf>,
    objects: BTreeMap<String, Stored>,
    uploads: BTreeMap<String, Upload>,
}

impl Shelf {
    /// Opens the bucket; a folder is made where there is none.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub(crate) fn open(folder: Option<PathBuf>) -> anyhow::Result<Self> {
        let mut objects = BTreeMap::new();
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder)?;
            for entry in std::fs::read_dir(folder)? {
                if let Some(stored) = load(&entry?.path()) {
                    objects.insert(stored.about.key.clone(), stored);
                }
            }
        }
        Ok(Self {
            folder,
            objects,
            uploads: BTreeMap::new(),
        })
    }

    pub(super) fn get(&self, key: &str) -> Option<&Stored> {
        self.objects.get(key)
    }

    /// Keeps an object in place of what was there; answers its ETag.
    pub(super) fn put(&mut self, key: &str, bytes: Bytes, told: Told) -> String {
        let etag = etag(&bytes);
        let about = About {
            key: key.to_owned(),
            etag: etag.clone(),
            modified: clock::now(),
            told,
        };
        let stored = Stored { bytes, about };
        if let Some(folder) = &self.folder
            && let Err(error) = save(folder, &stored)
        {
            tracing::warn!(%error, key, "this object will be gone after a restart");
        }
        self.objects.insert(key.to_owned(), stored);
        etag
    }

    pub(super) fn remove(&mut self, key: &str) {
        if let (Some(_), Some(folder)) = (self.objects.remove(key), &self.folder) {
            for extension in ["json", "bytes"] {
                // One that is not there is gone already.
                let _ = std::fs::remove_file(file(folder, key, extension));
            }
        }
    }

    pub(super) fn begin(&mut self, key: &str, told: Told) -> String {
        let id = code(32);
        let upload = Upload {
            key: key.to_owned(),
            told,
            parts: BTreeMap::new(),
        };
        self.uploads.insert(id.clone(), upload);
        id
    }

    /// An open upload of an object.
    pub(super) fn upload(&mut self, id: &str, key: &str) -> Option<&mut Upload> {
        self.uploads.get_mut(id).filter(|upload| upload.key == key)
    }

    pub(super) fn end(&mut self, id: &str) -> Option<Upload> {
        self.uploads.remove(id)
    }
}

/// As long as the MD5 that S3 gives to what was put at once, and as good.
pub(super) fn etag(bytes: &[u8]) -> String {
    let hash = hex::encode(digest(&SHA256, bytes));
    format!("\"{}\"", &hash[..32])
}

/// Named by a hash: a key is longer than a file's name may be.
fn file(folder: &Path, key: &str, extension: &str) -> PathBuf {
    folder.join(format!(
        "{}.{extension}",
        hex::encode(digest(&SHA256, key.as_bytes()))
    ))
}

/// The bytes first: what is told of an object is written when it is whole.
fn save(folder: &Path, stored: &Stored) -> anyhow::Result<()> {
    let key = &stored.about.key;
    std::fs::write(file(folder, key, "bytes"), &stored.bytes)?;
    std::fs::write(
        file(folder, key, "json"),
        serde_json::to_vec(&stored.about)?,
    )?;
    Ok(())
}

/// The object that a file tells of; none where it is another file, or the object was not whole.
fn load(path: &Path) -> Option<Stored> {
    if path.extension()? != "json" {
        return None;
    }
    let about: About = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let bytes = Bytes::from(std::fs::read(path.with_extension("bytes")).ok()?);
    Some(Stored { bytes, about })
}
