//! Where a browser puts a file.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use storage::Presigned;
use utoipa::ToSchema;

/// A request that uploads one file.
#[derive(Serialize, ToSchema)]
#[schema(as = Upload)]
pub struct UploadBody {
    /// `PUT`.
    #[schema(value_type = String, example = "PUT")]
    pub method: &'static str,
    /// Whoever has it can upload: not to be passed on.
    #[schema(format = "uri")]
    pub url: String,
    /// To be sent exactly so.
    pub headers: BTreeMap<&'static str, String>,
    /// When the address stops working.
    pub expires_at: DateTime<Utc>,
}

impl From<Presigned> for UploadBody {
    fn from(upload: Presigned) -> Self {
        Self {
            method: upload.method,
            url: upload.url.into(),
            headers: upload.headers.into_iter().collect(),
            expires_at: upload.expires_at,
        }
    }
}
