//! What is still open about a picture: whether it has come, whether its object is gone.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use database::{DatabaseError, PgConnection, first_time};
use domain::{Cause, ImageId, ProductId, Unreadable};
use uuid::Uuid;

use super::product::announce_question;
use super::{ImageError, ImageType, Mismatch, store};

/// How long after the address for uploading has expired an upload that was begun in time may still end.
const SLACK: TimeDelta = TimeDelta::minutes(5);
/// The longest pause between two questions.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(2);
/// The shortest.
const SHORTEST_PAUSE: TimeDelta = TimeDelta::seconds(2);

/// What is open about a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaited {
    /// It was promised and has not been seen.
    Upload(Waiting),
    /// It was removed, and its object may still be there.
    Removal(Gone),
    /// Nothing.
    Nothing,
}

/// A picture that was promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its identity.
    pub id: ImageId,
    /// Whose it will be.
    pub product_id: ProductId,
    /// Its object.
    pub key: String,
    /// Its type.
    pub content_type: ImageType,
    /// Its size in bytes.
    pub bytes: i64,
    promised_at: DateTime<Utc>,
    upload_until: DateTime<Utc>,
}

impl Waiting {
    /// Whether an object of this size and this beginning (at most [`PEEKED`](super::PEEKED) bytes are
    /// needed) is what was promised. What it calls itself proves nothing and is not asked.
    ///
    /// # Errors
    /// In what it is not.
    pub fn is_kept_by(&self, bytes: u64, beginning: &[u8]) -> Result<(), Mismatch> {
        if i64::try_from(bytes) != Ok(self.bytes) {
            return Err(Mismatch::Size);
        }
        if ImageType::of(beginning) != Some(self.content_type) {
            return Err(Mismatch::Type);
        }
        Ok(())
    }

    /// When to ask again where it has not come: after half of the time that it has been awaited, two
    /// seconds to two minutes. None where it will not come any more.
    #[must_use]
    pub fn next_question(&self, now: DateTime<Utc>) -> Option<Duration> {
        if now >= self.upload_until + SLACK {
            return None;
        }
        let half = (now - self.promised_at) / 2;
        let last = self.upload_until + SLACK - now;
        let pause = half.clamp(SHORTEST_PAUSE, LONGEST_PAUSE).min(last);
        pause.to_std().ok()
    }
}

/// The object of a picture that was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The picture.
    pub id: ImageId,
    /// Its object.
    pub key: String,
    upload_until: DateTime<Utc>,
}

impl Gone {
    /// When its object has to be deleted once more: as long as the address for uploading works, a deleted
    /// object can come back. None where it is gone for good.
    #[must_use]
    pub fn once_more(&self, now: DateTime<Utc>) -> Option<Duration> {
        let last = self.upload_until + SLACK - now;
        last.to_std().ok().filter(|left| !left.is_zero())
    }
}

/// What is open about a picture at this moment.
///
/// # Errors
/// The database.
pub async fn awaited(connection: &mut PgConnection, id: ImageId) -> Result<Awaited, ImageError> {
    if let Some(image) = store::find(connection, id).await? {
        let (None, Some(key), Some(content_type), Some(bytes), Some(upload_until)) = (
            image.uploaded_at,
            image.key,
            image.content_type,
            image.bytes,
            image.upload_until,
        ) else {
            return Ok(Awaited::Nothing);
        };
        let unreadable = |error: Unreadable| ImageError::Database(error.into());
        return Ok(Awaited::Upload(Waiting {
            id,
            product_id: image.product_id,
            key,
            content_type: content_type.parse().map_err(unreadable)?,
            bytes,
            promised_at: image.created_at,
            upload_until,
        }));
    }
    let removed = store::removed(connection, id).await?;
    Ok(removed.map_or(Awaited::Nothing, |(key, upload_until)| {
        Awaited::Removal(Gone {
            id,
            key,
            upload_until,
        })
    }))
}

/// Asks again about a picture after a while: one question for each message, however often that is
/// delivered.
///
/// # Errors
/// The database.
pub async fn ask_again(
    connection: &mut PgConnection,
    cause: &Cause,
    image: ImageId,
    message: Uuid,
    pause: Duration,
) -> Result<(), DatabaseError> {
    if first_time(connection, &cause.actor, message).await? {
        announce_question(connection, cause, image, pause).await?;
    }
    Ok(())
}

/// Forgets the object of a removed picture: it is deleted, and nothing can bring it back.
///
/// # Errors
/// The database.
pub async fn forget(connection: &mut PgConnection, image: ImageId) -> Result<(), DatabaseError> {
    store::forget_object(connection, image).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600 + seconds, 0).unwrap()
    }

    fn waiting() -> Waiting {
        Waiting {
            id: ImageId::new(),
            product_id: ProductId::new(),
            key: "products/a/b.png".to_owned(),
            content_type: ImageType::Png,
            bytes: 10,
            promised_at: at(0),
            upload_until: at(900),
        }
    }

    #[test]
    fn questions_become_rarer_and_end_after_the_address_has_expired() {
        let (waiting, mut now, mut pauses) = (waiting(), 2, Vec::new());
        while let Some(pause) = waiting.next_question(at(now)) {
            let seconds = i64::try_from(pause.as_secs()).unwrap();
            assert!((1..=120).contains(&seconds), "{seconds} s at {now}");
            pauses.push(seconds);
            now += seconds;
        }
        assert_eq!(now, 900 + 300);
        assert!(pauses.len() < 25, "{pauses:?}");
        assert_eq!(pauses[..3], [2, 2, 3]);
    }

    #[test]
    fn only_the_promised_size_and_type_are_taken() {
        let png = b"\x89PNG\r\n\x1a\n\0\0";
        assert_eq!(waiting().is_kept_by(10, png), Ok(()));
        assert_eq!(waiting().is_kept_by(11, png), Err(Mismatch::Size));
        assert_eq!(waiting().is_kept_by(u64::MAX, png), Err(Mismatch::Size));
        assert_eq!(waiting().is_kept_by(10, b"<html>...."), Err(Mismatch::Type));
        assert_eq!(
            waiting().is_kept_by(10, b"\xff\xd8\xff\xe0......"),
            Err(Mismatch::Type)
        );
    }

    #[test]
    fn a_removed_object_is_deleted_again_once_no_address_can_bring_it_back() {
        let gone = Gone {
            id: ImageId::new(),
            key: String::new(),
            upload_until: at(900),
        };
        assert_eq!(gone.once_more(at(100)), Some(Duration::from_secs(1_100)));
        assert_eq!(gone.once_more(at(1_200)), None);
        assert_eq!(gone.once_more(at(5_000)), None);
    }
}
