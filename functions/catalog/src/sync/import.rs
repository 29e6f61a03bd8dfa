//! A file of products was promised: it is looked for, and read.

use std::time::Duration;

use desk::{Fail, Inbound};
use domain::{ImportId, ImportStatus};
use merchandising::file::import::{self, Failure, Import, MOST_BYTES, MOST_ROWS, Opened, Step};
use merchandising::file::{Found, Place, Window};
use notifications::Activity;
use serde_json::json;
use storage::{Key, Object, StorageError};
use tokio::time::Instant;

use super::Sync;
use crate::files::import_key;

/// So much of a file is read at a time, in bytes.
const PIECE: u32 = 1024 * 1024;
/// After so long or so many rows the rest is left to another invocation. The queue has one at a time, and
/// others wait behind it: a change of stock must not wait for a whole file.
const LONG_ENOUGH: Duration = Duration::from_secs(5);
const MANY_ENOUGH: u64 = 5_000;

/// Looks for the file of an import, or works the next part of it. Any number of repeats and of others at
/// the same time make no difference: how far the file is worked is written with what was worked.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn go_on(app: &Sync, message: &Inbound, id: ImportId) -> Result<(), Fail> {
    let import = {
        let mut connection = app.database.connection().await?;
        let consumer = &message.cause.actor;
        if database::was_worked(&mut connection, consumer, message.message_id).await? {
            return Ok(());
        }
        import::find(&mut connection, id).await?
    };
    let import = import.ok_or_else(|| Fail::never("there is no such import"))?;
    match import.status {
        ImportStatus::AwaitingUpload => look(app, message, import).await,
        ImportStatus::Working => Reading::new(app, message, import)?.work().await,
        ImportStatus::Done | ImportStatus::Failed | ImportStatus::Expired => Ok(()),
    }
}

async fn look(app: &Sync, message: &Inbound, import: Import) -> Result<(), Fail> {
    let key = import_key(import.id)?;
    let Some(object) = app.storage.find(&key).await? else {
        let mut tx = app.database.begin().await?;
        import::await_longer(&mut tx, &message.cause, message.message_id, &import).await?;
        return Ok(tx.commit().await?);
    };
    let mut reading = Reading {
        app,
        message,
        key,
        window: Window::new(Place::START, object.bytes),
        import,
    };
    match reading.open(object).await? {
        true => reading.work().await,
        false => Ok(()),
    }
}

/// An import at work.
struct Reading<'a> {
    app: &'a Sync,
    message: &'a Inbound,
    key: Key,
    window: Window,
    import: Import,
}

/// Why the next piece of a file is not there.
enum NoPiece {
    /// There will never be one.
    Gone(Failure),
    /// Another time, perhaps.
    Now(StorageError),
}

impl<'a> Reading<'a> {
    fn new(app: &'a Sync, message: &'a Inbound, import: Import) -> Result<Self, Fail> {
        let opened = import.opened.as_ref();
        let bytes = opened.map(|opened| opened.bytes).unwrap_or_default();
        Ok(Self {
            app,
            message,
            key: import_key(import.id)?,
            window: Window::new(import.place, bytes),
            import,
        })
    }

    /// Reads the first line. False where there is nothing to work.
    async fn open(&mut self, object: Object) -> Result<bool, Fail> {
        if object.bytes > MOST_BYTES {
            let megabytes = MOST_BYTES / (1024 * 1024);
            let detail = format!("the file is larger than {megabytes} MiB");
            self.refuse(failure("file_too_large", detail)).await?;
            return Ok(false);
        }
        let header = loop {
            match self.window.take_header() {
                Ok(Some(header)) => break header,
                Err(error) => {
                    self.refuse(failure(error.code(), error.to_string()))
                        .await?;
                    return Ok(false);
                }
                Ok(None) if !self.fetch(&object.etag).await? => return Ok(false),
                Ok(None) => {}
            }
        };
        let opened = Opened {
            etag: object.etag,
            bytes: object.bytes,
            header,
        };
        let mut tx = self.app.database.begin().await?;
        import::open(
            &mut tx,
            &self.message.cause,
            self.import.id,
            &opened,
            self.window.place(),
        )
        .await?;
        tx.commit().await?;
        self.reload().await
    }

    /// Works chunk by chunk until the file is at its end, or it is somebody else's turn.
    async fn work(mut self) -> Result<(), Fail> {
        let began = Instant::now();
        let rows_before = self.import.counts.rows();
        let Some(opened) = self.import.opened.clone() else {
            return Ok(());
        };
        loop {
            match self.window.take_chunk(&opened.header) {
                Err(error) => {
                    return self
                        .refuse(failure("row_too_long", error.to_string()))
                        .await;
                }
                Ok(Found::End) => return self.end(None).await,
                Ok(Found::NeedsMore) => {
                    if !self.fetch(&opened.etag).await? {
                        return Ok(());
                    }
                }
                Ok(Found::Chunk(chunk)) => {
                    let rows = u64::try_from(chunk.records.len()).unwrap_or(u64::MAX);
                    if self.import.counts.rows().saturating_add(rows) > MOST_ROWS {
                        let detail = format!(
                            "the file has more than {MOST_ROWS} rows; those behind were not read"
                        );
                        return self.refuse(failure("too_many_rows", detail)).await;
                    }
                    if !self.apply(&chunk).await? {
                        return Ok(());
                    }
                    let worked = self.import.counts.rows() - rows_before;
                    if worked >= MANY_ENOUGH || began.elapsed() >= LONG_ENOUGH {
                        return self.leave().await;
                    }
                }
            }
        }
    }

    /// Works one chunk in a transaction of its own. False where the import has ended meanwhile; where
    /// somebody else has worked the chunk, reading goes on behind what they did.
    async fn apply(&mut self, chunk: &merchandising::file::Chunk) -> Result<bool, Fail> {
        let mut cause = self.message.cause.clone();
        cause.at = self.app.clock.now();
        let mut tx = self.app.database.begin().await?;
        let step = import::work(&mut tx, &cause, self.import.id, self.import.place, chunk).await;
        // A chunk that was overtaken works the next time. What the database refuses is put aside for staff,
        // and goes on from the same place when it is replayed.
        match step? {
            Step::Worked { tally, changed } => {
                tx.commit().await?;
                if changed {
                    self.app.drop_copies().await;
                }
                self.import.counts.created += tally.created;
                self.import.counts.updated += tally.updated;
                self.import.counts.unchanged += tally.unchanged;
                self.import.counts.failed += tally.failed;
                self.import.place = chunk.next;
                Ok(true)
            }
            Step::Elsewhere => {
                tx.rollback().await?;
                self.reload().await
            }
        }
    }

    /// Reads anew how far the import is. False where it is not to be worked.
    async fn reload(&mut self) -> Result<bool, Fail> {
        let mut connection = self.app.database.connection().await?;
        let found = import::find(&mut connection, self.import.id).await?;
        let Some(found) = found.filter(|import| import.status == ImportStatus::Working) else {
            return Ok(false);
        };
        if found.place != self.window.place() {
            let bytes = found.opened.as_ref().map(|opened| opened.bytes);
            self.window = Window::new(found.place, bytes.unwrap_or_default());
        }
        self.import = found;
        Ok(true)
    }

    /// Fetches the next piece. False where the file is gone, or another one: then the import has failed.
    async fn fetch(&mut self, etag: &str) -> Result<bool, Fail> {
        match self.piece(etag).await {
            Ok(()) => Ok(true),
            Err(NoPiece::Now(error)) => Err(error.into()),
            Err(NoPiece::Gone(failure)) => self.refuse(failure).await.map(|()| false),
        }
    }

    async fn piece(&mut self, etag: &str) -> Result<(), NoPiece> {
        let offset = self.window.wants();
        let piece = self
            .app
            .storage
            .read_piece(&self.key, offset, PIECE, Some(etag))
            .await;
        match piece {
            Ok(piece) if piece.bytes.is_empty() && !self.window.is_whole() => Err(NoPiece::Gone(
                failure("file_changed", "the file became shorter while it was read"),
            )),
            Ok(piece) => {
                self.window.extend(&piece.bytes);
                Ok(())
            }
            Err(StorageError::NotFound) => {
                Err(NoPiece::Gone(failure("file_gone", "the file was removed")))
            }
            Err(StorageError::Changed) => Err(NoPiece::Gone(failure(
                "file_changed",
                "the file was replaced while it was read",
            ))),
            Err(error) => Err(NoPiece::Now(error)),
        }
    }

    async fn leave(&self) -> Result<(), Fail> {
        let mut tx = self.app.database.begin().await?;
        let Inbound {
            cause, message_id, ..
        } = self.message;
        import::go_on(&mut tx, cause, *message_id, self.import.id).await?;
        Ok(tx.commit().await?)
    }

    async fn refuse(&self, failure: Failure) -> Result<(), Fail> {
        self.end(Some(failure)).await
    }

    /// Ends the import, and tells staff, once.
    async fn end(&self, failure: Option<Failure>) -> Result<(), Fail> {
        let mut cause = self.message.cause.clone();
        cause.at = self.app.clock.now();
        let mut tx = self.app.database.begin().await?;
        let ended = import::finish(
            &mut tx,
            &cause,
            self.import.id,
            self.import.place,
            failure.as_ref(),
        )
        .await?;
        if let Some(import) = ended {
            tracing::info!(import = %import.id, status = %import.status, rows = import.counts.rows(), "an import has ended");
            notifications::tell_staff(&mut tx, &cause, &told(&import)).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// What staff are told of an import that has ended.
fn told(import: &Import) -> Activity {
    let counts = import.counts;
    Activity {
        kind: "import_finished",
        alert: import.status == ImportStatus::Failed,
        detail: json!({
            "import_id": import.id, "status": import.status,
            "failure": import.failure.as_ref().map(|failure| &failure.code),
            "rows": {
                "done": counts.rows(), "created": counts.created, "updated": counts.updated,
                "unchanged": counts.unchanged, "failed": counts.failed,
            },
        }),
    }
}

fn failure(code: &str, detail: impl Into<String>) -> Failure {
    Failure {
        code: code.to_owned(),
        detail: detail.into(),
    }
}
