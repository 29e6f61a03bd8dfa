//! Files of products: where they lie in the bucket, and how staff are shown them.

use axum::extract::FromRef;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Clock, ExportId, ExportStatus, ImportId, ImportStatus};
use edge::StaffAccess;
use merchandising::file::export::Export;
use merchandising::file::import::{Counts, Failure, Import, KeptError};
use office::Office;
use serde::Serialize;
use storage::{Key, KeyError, Presigned, Signer};
use utoipa::ToSchema;

/// The media type of the files, both ways.
pub const CSV: &str = "text/csv";
/// The bucket forgets files after so many days (infrastructure/data).
const KEPT: TimeDelta = TimeDelta::days(30);

/// What a function works with that hands out addresses of files.
#[derive(Debug, Clone)]
pub struct FileRoom {
    /// The database, and who may do what.
    pub office: Office,
    /// Signs addresses in the bucket.
    pub signer: Signer,
}

impl FileRoom {
    /// Reads `DATABASE_*`, `JWT_SECRET_KEY`, `STORAGE_*` and Lambda's credentials; connects to nothing.
    /// `None` where a setting is at fault, which is noted.
    pub fn read(env: &mut settings::Env) -> Option<Self> {
        let (office, signer) = (Office::read(env), Signer::read(env, Clock::system()));
        Some(Self {
            office: office?,
            signer: signer?,
        })
    }
}

impl FromRef<FileRoom> for StaffAccess {
    fn from_ref(room: &FileRoom) -> Self {
        Self::from_ref(&room.office)
    }
}

/// Where the file of an import lies.
///
/// # Errors
/// Never: an id has no character that a key has not.
pub fn import_key(id: ImportId) -> Result<Key, KeyError> {
    Key::new(format!("imports/{id}.csv"))
}

/// Where the file of an export lies.
///
/// # Errors
/// As [`import_key`].
pub fn export_key(id: ExportId) -> Result<Key, KeyError> {
    Key::new(format!("exports/{id}.csv"))
}

/// What became of the rows of a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRows)]
pub struct RowsBody {
    /// All rows worked so far.
    pub done: u64,
    /// How many there are; null until the whole file is read.
    pub total: Option<u64>,
    /// Rows that made a variant, or a product without one.
    pub created: u64,
    /// Rows that changed a variant or its product.
    pub updated: u64,
    /// Rows that say what was so already.
    pub unchanged: u64,
    /// Rows that are wrong; `errors` says in what.
    pub failed: u64,
}

impl RowsBody {
    fn new(counts: Counts, whole: bool) -> Self {
        Self {
            done: counts.rows(),
            total: whole.then(|| counts.rows()),
            created: counts.created,
            updated: counts.updated,
            unchanged: counts.unchanged,
            failed: counts.failed,
        }
    }
}

/// Why a whole file was refused, or could not be written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileFailure)]
pub struct FailureBody {
    /// A stable word.
    #[schema(example = "unknown_columns")]
    pub code: String,
    /// A sentence.
    pub detail: String,
}

impl From<Failure> for FailureBody {
    fn from(Failure { code, detail }: Failure) -> Self {
        Self { code, detail }
    }
}

/// What is wrong with a row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RowError)]
pub struct RowErrorBody {
    /// The line of the file on which the row begins, the first being 1.
    #[schema(minimum = 1)]
    pub line: i64,
    /// The column; null where it is about the whole row.
    pub column: Option<String>,
    /// A stable word.
    #[schema(example = "price_not_positive")]
    pub code: String,
    /// A sentence without its subject.
    #[schema(example = "must be above zero")]
    pub detail: String,
}

impl From<KeptError> for RowErrorBody {
    fn from(error: KeptError) -> Self {
        Self {
            line: error.line,
            column: error.column,
            code: error.code,
            detail: error.detail,
        }
    }
}

/// A page of what is wrong with rows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RowErrorPage)]
pub struct RowErrorsBody {
    /// How many faults there are in all. The first thousand can be read.
    pub count: u64,
    /// In the file's order.
    pub items: Vec<RowErrorBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A file of products on its way into the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProductImport)]
pub struct ImportBody {
    /// Its identity.
    #[schema(value_type = Uuid)]
    pub id: ImportId,
    /// `awaiting_upload`, `working`, `done`, `failed` or `expired`.
    #[schema(value_type = String, example = "working")]
    pub status: ImportStatus,
    /// What became of its rows so far.
    pub rows: RowsBody,
    /// How much of the file is worked; null before it has come.
    #[schema(minimum = 0, maximum = 100)]
    pub percent: Option<u64>,
    /// Why the file was refused; rows before that are applied.
    pub failure: Option<FailureBody>,
    /// What is wrong with rows.
    pub errors: RowErrorsBody,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When it has to have come.
    pub upload_expires_at: DateTime<Utc>,
    /// When the first row was worked.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

impl ImportBody {
    /// An import with a page of its faults.
    #[must_use]
    pub fn new(import: Import, errors: Vec<KeptError>, next: Option<i64>) -> Self {
        Self {
            id: import.id,
            status: import.status,
            rows: RowsBody::new(import.counts, import.status == ImportStatus::Done),
            percent: import.percent(),
            failure: import.failure.map(FailureBody::from),
            errors: RowErrorsBody {
                count: import.errors,
                items: errors.into_iter().map(RowErrorBody::from).collect(),
                next_cursor: next.map(|place| place.to_string()),
            },
            requested_at: import.requested_at,
            upload_expires_at: import.upload_expires_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
        }
    }
}

/// A file of products that was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProductExport)]
pub struct ExportBody {
    /// Its identity.
    #[schema(value_type = Uuid)]
    pub id: ExportId,
    /// `waiting`, `working`, `done` or `failed`.
    #[schema(value_type = String, example = "done")]
    pub status: ExportStatus,
    /// How many products are written so far.
    pub products: u64,
    /// How many rows that are, without the first line.
    pub rows: u64,
    /// How large the file is so far.
    pub bytes: u64,
    /// Where it can be fetched, once it is done; null before, and after thirty days.
    pub download: Option<DownloadBody>,
    /// Why it could not be written.
    pub failure: Option<FailureBody>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A request that fetches one file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Download)]
pub struct DownloadBody {
    /// Whoever has it can fetch the file: not to be passed on.
    #[schema(format = "uri")]
    pub url: String,
    /// When the address stops working; ask for the export again to get another.
    pub expires_at: DateTime<Utc>,
}

impl From<Presigned> for DownloadBody {
    fn from(download: Presigned) -> Self {
        Self {
            url: download.url.into(),
            expires_at: download.expires_at,
        }
    }
}

impl ExportBody {
    /// An export with the address of its file, if there is one.
    #[must_use]
    pub fn new(export: Export, download: Option<Presigned>) -> Self {
        Self {
            id: export.id,
            status: export.status,
            products: export.written.products,
            rows: export.written.rows,
            bytes: export.written.bytes,
            download: download.map(DownloadBody::from),
            failure: export.failure.map(FailureBody::from),
            requested_at: export.requested_at,
            finished_at: export.finished_at,
        }
    }
}

/// Whether an export's file is in the bucket.
#[must_use]
pub fn is_kept(export: &Export, now: DateTime<Utc>) -> bool {
    let kept = |at: DateTime<Utc>| now < at + KEPT;
    export.status == ExportStatus::Done && export.finished_at.is_some_and(kept)
}
