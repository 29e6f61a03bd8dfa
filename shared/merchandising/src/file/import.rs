//! Imports: promised, opened, worked chunk by chunk, ended.
//!
//! Each of these steps looks at the import under a lock of its row and does nothing where another has
//! done it: a message may come twice, and two may come at a time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use database::outbox::{self, Announcement};
use database::{DatabaseError, PgConnection, first_time};
use domain::{Cause, Event, ImportId, ImportStatus};
use uuid::Uuid;

use super::apply::{Rows, Tally};
use super::column::Header;
use super::window::{Chunk, Place};
use super::{store_import as store, store_shelf};

/// The largest file, in bytes: 100 MiB.
pub const MOST_BYTES: u64 = 100 * 1024 * 1024;
/// The most rows of a file.
pub const MOST_ROWS: u64 = 200_000;
/// How many faults of a file are kept to be told; all are counted.
pub const ERRORS_KEPT: u64 = 1_000;
/// How long after the address for uploading has expired an upload that was begun in time may still end.
const SLACK: TimeDelta = TimeDelta::minutes(5);
/// The pauses between two questions whether the file has come.
const SHORTEST_PAUSE: TimeDelta = TimeDelta::seconds(2);
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(1);

/// An import as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its identity.
    pub id: ImportId,
    /// How far it is.
    pub status: ImportStatus,
    /// The sign of the member of staff in whose name it changes the catalogue.
    pub requested_by: String,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// Until when the file can be uploaded.
    pub upload_expires_at: DateTime<Utc>,
    /// The file, once it was found.
    pub opened: Option<Opened>,
    /// Up to where it is worked.
    pub place: Place,
    /// What became of its rows so far.
    pub counts: Counts,
    /// How many faults were found; [`ERRORS_KEPT`] of them can be read.
    pub errors: u64,
    /// Why the file was refused.
    pub failure: Option<Failure>,
    /// When the first row was worked.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What tells this object from another one under its name.
    pub etag: String,
    /// Its size.
    pub bytes: u64,
    /// Its first line.
    pub header: Header,
}

/// What became of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Made a variant, or a product without one.
    pub created: u64,
    /// Changed a variant or its product.
    pub updated: u64,
    /// Say what is so already.
    pub unchanged: u64,
    /// Are wrong.
    pub failed: u64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.failed
    }
}

/// Why a file as a whole was refused, told to whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A stable word.
    pub code: String,
    /// A sentence.
    pub detail: String,
}

/// A fault of a row, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptError {
    /// Its place among the import's faults, from 0.
    pub place: i64,
    /// The line on which the row begins.
    pub line: i64,
    /// The column, where it is about one.
    pub column: Option<String>,
    /// A stable word.
    pub code: String,
    /// A sentence without its subject.
    pub detail: String,
}

/// What became of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It was worked.
    Worked {
        /// What became of its rows.
        tally: Tally,
        /// Whether anything of the catalogue is different now.
        changed: bool,
    },
    /// It was worked before, or the import has ended.
    Elsewhere,
}

/// Why a chunk is not worked now.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The chunk is worked again, and then knows it.
    #[error("somebody else has just made what the file makes, or removed a category that it names")]
    MadeMeanwhile,
    /// The database.
    #[error("the import could not be worked")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    ImportError { MadeMeanwhile => Conflict "made_meanwhile" }
    from { Database }
}

impl Import {
    /// How much of the file is worked, in percent; none as long as there is no file.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        let bytes = self.opened.as_ref()?.bytes.max(1);
        if self.status == ImportStatus::Done {
            return Some(100);
        }
        Some((self.place.offset.saturating_mul(100) / bytes).min(100))
    }

    /// When to ask again for a file that has not come: after half of the time that it has been awaited,
    /// two seconds to a minute. None where it will not come any more.
    #[must_use]
    pub fn next_question(&self, now: DateTime<Utc>) -> Option<Duration> {
        let last = self.upload_expires_at + SLACK - now;
        let half = (now - self.requested_at) / 2;
        let pause = half.clamp(SHORTEST_PAUSE, LONGEST_PAUSE).min(last);
        pause.to_std().ok().filter(|pause| !pause.is_zero())
    }

    /// In whose name a chunk changes the catalogue.
    #[must_use]
    pub fn cause(&self, message: &Cause) -> Cause {
        Cause {
            actor: self.requested_by.clone(),
            ..message.clone()
        }
    }
}

/// Promises an import in the caller's transaction; after a moment somebody asks for its file.
///
/// # Errors
/// [`DatabaseError`].
pub async fn request(
    connection: &mut PgConnection,
    cause: &Cause,
    id: ImportId,
    upload_expires_at: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    store::insert(connection, cause, id, upload_expires_at).await?;
    let pause = SHORTEST_PAUSE.to_std().unwrap_or_default();
    announce(connection, cause, id, pause).await
}

/// The import of this id.
///
/// # Errors
/// [`DatabaseError`].
pub async fn find(
    connection: &mut PgConnection,
    id: ImportId,
) -> Result<Option<Import>, DatabaseError> {
    store::find(connection, id).await
}

/// What is wrong with its rows: `limit` faults behind the one at `after`, in the file's order.
///
/// # Errors
/// [`DatabaseError`].
pub async fn errors(
    connection: &mut PgConnection,
    id: ImportId,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<KeptError>, DatabaseError> {
    store::errors(connection, id, after.unwrap_or(-1), limit).await
}

/// The file has not come: it is asked for again later, or not any more. Of one message once.
///
/// # Errors
/// [`DatabaseError`].
pub async fn await_longer(
    connection: &mut PgConnection,
    cause: &Cause,
    message: Uuid,
    import: &Import,
) -> Result<(), DatabaseError> {
    if !first_time(connection, &cause.actor, message).await? {
        return Ok(());
    }
    match import.next_question(cause.at) {
        Some(pause) => announce(connection, cause, import.id, pause).await,
        None => store::expire(connection, import.id, cause.at).await,
    }
}

/// Begins to work a file; false where that was done before.
///
/// # Errors
/// [`DatabaseError`].
pub async fn open(
    connection: &mut PgConnection,
    cause: &Cause,
    id: ImportId,
    opened: &Opened,
    place: Place,
) -> Result<bool, DatabaseError> {
    store::open(connection, id, opened, place, cause.at).await
}

/// Works the chunk that begins at `from`, and notes that it is worked, in the caller's transaction: its
/// good rows are applied, written down in the name of who sent the file, and announced, each product
/// once; its faults are kept.
///
/// # Errors
/// [`ImportError`]; the transaction must then be given up.
pub async fn work(
    connection: &mut PgConnection,
    cause: &Cause,
    id: ImportId,
    from: Place,
    chunk: &Chunk,
) -> Result<Step, ImportError> {
    let import = store::lock(connection, id).await?;
    let here = |import: &Import| import.status == ImportStatus::Working && import.place == from;
    let Some(import) = import.filter(here) else {
        return Ok(Step::Elsewhere);
    };
    let Some(Opened { header, .. }) = &import.opened else {
        return Ok(Step::Elsewhere);
    };
    let rows = Rows::read(header, &chunk.records);
    let mut shelf = store_shelf::load(connection, &rows.named()).await?;
    let tally = rows.apply(&mut shelf, cause.at);
    let changed = shelf.products.values().any(|product| product.is_changed());
    let saved = store_shelf::save(connection, &import.cause(cause), &shelf).await;
    if !saved.map_err(overtaken)? {
        return Err(ImportError::MadeMeanwhile);
    }
    store::note(connection, &import, &tally, chunk.next).await?;
    Ok(Step::Worked { tally, changed })
}

/// A category may be removed between being looked up and being named.
fn overtaken(error: DatabaseError) -> ImportError {
    match error.constraint() {
        Some("products_category_id_fkey") => ImportError::MadeMeanwhile,
        Some(_) | None => error.into(),
    }
}

/// Leaves the rest to another invocation. Of one message once.
///
/// # Errors
/// [`DatabaseError`].
pub async fn go_on(
    connection: &mut PgConnection,
    cause: &Cause,
    message: Uuid,
    id: ImportId,
) -> Result<(), DatabaseError> {
    if first_time(connection, &cause.actor, message).await? {
        announce(connection, cause, id, Duration::ZERO).await?;
    }
    Ok(())
}

/// Ends an import that is worked up to `at`; answers it as it ended. None where it has gone on or ended
/// meanwhile.
///
/// # Errors
/// [`DatabaseError`].
pub async fn finish(
    connection: &mut PgConnection,
    cause: &Cause,
    id: ImportId,
    at: Place,
    failure: Option<&Failure>,
) -> Result<Option<Import>, DatabaseError> {
    let import = store::lock(connection, id).await?;
    let open = |import: &Import| import.finished_at.is_none() && import.place == at;
    if import.filter(open).is_none() {
        return Ok(None);
    }
    match failure {
        None => store::end(connection, id, cause.at).await?,
        Some(failure) => store::fail(connection, id, failure, cause.at).await?,
    }
    store::find(connection, id).await
}

async fn announce(
    connection: &mut PgConnection,
    cause: &Cause,
    import_id: ImportId,
    pause: Duration,
) -> Result<(), DatabaseError> {
    let asked = Announcement::after(pause, Event::ImportRequested { import_id });
    outbox::announce(connection, cause.at, &cause.correlation_id, &[asked]).await
}
