//! Exports: asked for, written part by part, ended.
//!
//! A part and how far it reaches are noted together, after the bucket has it: an invocation that ends
//! before writes the same part again, under the same number.

use chrono::{DateTime, Utc};
use database::outbox::{self, Announcement};
use database::{DatabaseError, PgConnection, first_time};
use domain::{CategoryId, Cause, Event, ExportId, ExportStatus, ProductId, ProductStatus, Slug};
use uuid::Uuid;

use super::import::Failure;
use super::store_export as store;
use super::write::Sheet;

/// How many products are read at a time.
const PAGE: i64 = 100;
/// How often an export is begun anew whose parts do not fit together any more.
pub const MOST_RESTARTS: i32 = 3;

/// Which products are written; all where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Choice {
    /// Those of this status.
    pub status: Option<ProductStatus>,
    /// Those of this category and of those below it.
    pub category: Option<CategoryId>,
}

/// An export as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its identity.
    pub id: ExportId,
    /// How far it is.
    pub status: ExportStatus,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// Which products it has.
    pub choice: Choice,
    /// The bucket's id of the upload, once one was opened.
    pub upload: Option<String>,
    /// What the bucket acknowledged each part with.
    pub parts: Vec<String>,
    /// The last product that a part has.
    pub after: Option<ProductId>,
    /// How much is written.
    pub written: Written,
    /// Whether every part is written.
    pub complete: bool,
    /// How often it was begun anew.
    pub restarts: i32,
    /// Why it could not be written.
    pub failure: Option<Failure>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// How much is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Products.
    pub products: u64,
    /// Rows without the first line.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
}

/// The next part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The last product in it.
    pub after: Option<ProductId>,
    /// What it adds.
    pub written: Written,
    /// Whether there is none behind it.
    pub last: bool,
}

/// Why an export cannot be asked for.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no such category.
    #[error("there is no category of this slug")]
    UnknownCategory,
    /// The database.
    #[error("the export could not be asked for")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    ExportError { UnknownCategory => Invalid "unknown_category" }
    from { Database }
}

/// Asks for an export in the caller's transaction.
///
/// # Errors
/// [`ExportError`].
pub async fn request(
    connection: &mut PgConnection,
    cause: &Cause,
    status: Option<ProductStatus>,
    category: Option<&Slug>,
) -> Result<Export, ExportError> {
    let category = match category {
        None => None,
        Some(slug) => {
            let found = store::category(connection, slug).await?;
            Some(found.ok_or(ExportError::UnknownCategory)?)
        }
    };
    let id = ExportId::new();
    store::insert(connection, cause, id, Choice { status, category }).await?;
    announce(connection, cause, id).await?;
    let found = store::find(connection, id).await?;
    found.ok_or(ExportError::Database(DatabaseError::Missing("export")))
}

/// The export of this id.
///
/// # Errors
/// [`DatabaseError`].
pub async fn find(
    connection: &mut PgConnection,
    id: ExportId,
) -> Result<Option<Export>, DatabaseError> {
    store::find(connection, id).await
}

/// Notes the upload that was opened for an export; false where it has another one.
///
/// # Errors
/// [`DatabaseError`].
pub async fn begin(
    connection: &mut PgConnection,
    cause: &Cause,
    id: ExportId,
    upload: &str,
) -> Result<bool, DatabaseError> {
    store::begin(connection, id, upload, cause.at).await
}

/// Adds products to a part until it has `enough` bytes, or there are no more. Each read is a statement of
/// its own: a product is whole, and stands in the file once, but two products may be of two moments.
///
/// # Errors
/// [`DatabaseError`].
pub async fn fill(
    connection: &mut PgConnection,
    export: &Export,
    part: &mut Part,
    enough: usize,
) -> Result<(), DatabaseError> {
    if export.parts.is_empty() && part.bytes.is_empty() {
        part.bytes = Sheet::beginning();
    }
    // One more, to know whether this is the end.
    let mut page = store::page(connection, export.choice, part.after, PAGE + 1).await?;
    part.last = i64::try_from(page.len()).is_ok_and(|read| read <= PAGE);
    page.truncate(usize::try_from(PAGE).unwrap_or_default());
    let mut sheet = Sheet::new(std::mem::take(&mut part.bytes));
    let mut rest = page.into_iter();
    for product in rest.by_ref() {
        part.written.rows += sheet.write(&product);
        part.written.products += 1;
        part.after = Some(product.id);
        if sheet.len() >= enough {
            break;
        }
    }
    // What was read behind it is read again for the next part.
    part.last &= rest.next().is_none();
    part.bytes = sheet.bytes();
    part.written.bytes = u64::try_from(part.bytes.len()).unwrap_or(u64::MAX);
    Ok(())
}

/// Notes that the bucket has a part. False where another invocation has noted one of this number.
///
/// # Errors
/// [`DatabaseError`].
pub async fn note(
    connection: &mut PgConnection,
    export: &Export,
    part: &Part,
    etag: &str,
) -> Result<bool, DatabaseError> {
    store::note(connection, export, part, etag).await
}

/// Leaves the rest to another invocation. Of one message once.
///
/// # Errors
/// [`DatabaseError`].
pub async fn go_on(
    connection: &mut PgConnection,
    cause: &Cause,
    message: Uuid,
    id: ExportId,
) -> Result<(), DatabaseError> {
    if first_time(connection, &cause.actor, message).await? {
        announce(connection, cause, id).await?;
    }
    Ok(())
}

/// Ends an export, if it has not ended; answers whether it had not.
///
/// # Errors
/// [`DatabaseError`].
pub async fn finish(
    connection: &mut PgConnection,
    cause: &Cause,
    id: ExportId,
    failure: Option<&Failure>,
) -> Result<bool, DatabaseError> {
    store::finish(connection, id, failure, cause.at).await
}

/// Begins an export anew whose parts do not fit together, or are gone.
///
/// # Errors
/// [`DatabaseError`].
pub async fn restart(
    connection: &mut PgConnection,
    cause: &Cause,
    export: &Export,
) -> Result<(), DatabaseError> {
    if store::restart(connection, export).await? {
        announce(connection, cause, export.id).await?;
    }
    Ok(())
}

async fn announce(
    connection: &mut PgConnection,
    cause: &Cause,
    export_id: ExportId,
) -> Result<(), DatabaseError> {
    let asked = Announcement::now(Event::ExportRequested { export_id });
    outbox::announce(connection, cause.at, &cause.correlation_id, &[asked]).await
}
