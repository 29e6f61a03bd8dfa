//! A file of products was asked for: it is written.

use std::time::Duration;

use desk::{Fail, Inbound};
use domain::{ExportId, ExportStatus};
use merchandising::file::export::{self, Export, MOST_RESTARTS, Part, Written};
use merchandising::file::import::Failure;
use notifications::Activity;
use serde_json::json;
use storage::{Key, LEAST_PART, Multipart, StorageError};
use tokio::time::Instant;

use super::Sync;
use crate::files::{CSV, export_key};

/// After so long the rest is left to another invocation, when a part is full.
const LONG_ENOUGH: Duration = Duration::from_secs(5);

/// Writes the next parts of an export. A part that was uploaded and not noted is written again under its
/// number, so repeats make no difference.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn go_on(app: &Sync, message: &Inbound, id: ExportId) -> Result<(), Fail> {
    let export = {
        let mut connection = app.database.connection().await?;
        let consumer = &message.cause.actor;
        if database::was_worked(&mut connection, consumer, message.message_id).await? {
            return Ok(());
        }
        export::find(&mut connection, id).await?
    };
    let export = export.ok_or_else(|| Fail::never("there is no such export"))?;
    match export.status {
        ExportStatus::Waiting | ExportStatus::Working => {
            let key = export_key(id)?;
            Writing {
                app,
                message,
                key,
                export,
            }
            .work()
            .await
        }
        ExportStatus::Done | ExportStatus::Failed => Ok(()),
    }
}

/// An export at work.
struct Writing<'a> {
    app: &'a Sync,
    message: &'a Inbound,
    key: Key,
    export: Export,
}

impl Writing<'_> {
    async fn work(mut self) -> Result<(), Fail> {
        let began = Instant::now();
        let upload = self.upload().await?;
        while !self.export.complete {
            let mut part = self.next_part().await?;
            let number = u16::try_from(self.export.parts.len() + 1).unwrap_or(u16::MAX);
            let bytes = std::mem::take(&mut part.bytes).into();
            match self.app.storage.upload_part(&upload, number, bytes).await {
                Ok(etag) => self.note(&part, &etag).await?,
                Err(StorageError::UploadGone) => return self.restart().await,
                Err(error) => return Err(error.into()),
            }
            if !self.export.complete && began.elapsed() >= LONG_ENOUGH {
                return self.leave().await;
            }
        }
        self.complete(&upload).await
    }

    /// The upload in parts that is open, or a new one.
    async fn upload(&mut self) -> Result<Multipart, Fail> {
        if self.export.upload.is_none() {
            let opened = self.app.storage.create_multipart(&self.key, CSV).await?;
            let mut connection = self.app.database.connection().await?;
            let cause = &self.message.cause;
            let ours = export::begin(&mut connection, cause, self.export.id, &opened.id).await?;
            drop(connection);
            if !ours {
                self.app.storage.abort_multipart(&opened).await?;
            }
            self.reload().await?;
        }
        let id = self.export.upload.clone();
        let id = id.ok_or_else(|| Fail::later("another invocation begins the export anew"))?;
        Ok(Multipart {
            key: self.key.clone(),
            id,
        })
    }

    /// Reads products until they are enough for a part, or there are no more.
    async fn next_part(&self) -> Result<Part, Fail> {
        let mut part = Part {
            bytes: Vec::new(),
            after: self.export.after,
            written: Written::default(),
            last: false,
        };
        while !part.last && part.bytes.len() < LEAST_PART {
            let mut connection = self.app.database.connection().await?;
            export::fill(&mut connection, &self.export, &mut part, LEAST_PART).await?;
        }
        Ok(part)
    }

    async fn note(&mut self, part: &Part, etag: &str) -> Result<(), Fail> {
        let mut connection = self.app.database.connection().await?;
        export::note(&mut connection, &self.export, part, etag).await?;
        drop(connection);
        self.reload().await
    }

    /// Reads anew how far the export is.
    async fn reload(&mut self) -> Result<(), Fail> {
        let mut connection = self.app.database.connection().await?;
        let found = export::find(&mut connection, self.export.id).await?;
        self.export = found.ok_or_else(|| Fail::never("there is no such export"))?;
        Ok(())
    }

    /// Makes the parts one object. Whether it was one already is seen by the object being there.
    async fn complete(&self, upload: &Multipart) -> Result<(), Fail> {
        if self.export.finished_at.is_some() {
            return Ok(());
        }
        match self
            .app
            .storage
            .complete_multipart(upload, &self.export.parts)
            .await
        {
            Ok(()) => self.end(None).await,
            Err(StorageError::UploadGone) => match self.app.storage.find(&self.key).await? {
                Some(_) => self.end(None).await,
                None => self.restart().await,
            },
            // Another invocation has written a part once more.
            Err(StorageError::Refused { .. }) => {
                self.app.storage.abort_multipart(upload).await?;
                self.restart().await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn restart(&self) -> Result<(), Fail> {
        if self.export.restarts >= MOST_RESTARTS {
            let failure = Failure {
                code: "upload_lost".to_owned(),
                detail: "the parts of the file were lost again and again".to_owned(),
            };
            return self.end(Some(failure)).await;
        }
        let mut tx = self.app.database.begin().await?;
        export::restart(&mut tx, &self.message.cause, &self.export).await?;
        Ok(tx.commit().await?)
    }

    async fn leave(&self) -> Result<(), Fail> {
        let mut tx = self.app.database.begin().await?;
        let Inbound {
            cause, message_id, ..
        } = self.message;
        export::go_on(&mut tx, cause, *message_id, self.export.id).await?;
        Ok(tx.commit().await?)
    }

    /// Ends the export, and tells staff, once.
    async fn end(&self, failure: Option<Failure>) -> Result<(), Fail> {
        let mut cause = self.message.cause.clone();
        cause.at = self.app.clock.now();
        let mut tx = self.app.database.begin().await?;
        let id = self.export.id;
        if export::finish(&mut tx, &cause, id, failure.as_ref()).await? {
            let told = Activity {
                kind: "export_finished",
                alert: failure.is_some(),
                detail: json!({ "export_id": id, "products": self.export.written.products }),
            };
            tracing::info!(export = %id, products = self.export.written.products, "an export has ended");
            notifications::tell_staff(&mut tx, &cause, &told).await?;
        }
        Ok(tx.commit().await?)
    }
}
