//! Values sown from names: the same name gives the same value, on every machine and every day.

use chrono::{DateTime, Duration, Utc};
use ring::digest::{SHA256, digest};
use uuid::Builder;
use uuid::Uuid;

/// 1 June 2025: before every date that is sown.
pub(super) const FIRST_DAY: DateTime<Utc> = match DateTime::from_timestamp(1_748_736_000, 0) {
    Some(day) => day,
    None => DateTime::UNIX_EPOCH,
};

/// A source of values for one name.
#[derive(Debug, Clone)]
pub(super) struct Sown {
    bytes: Vec<u8>,
    next: usize,
}

impl Sown {
    pub(super) fn from(name: &str) -> Self {
        Self {
            bytes: digest(&SHA256, name.as_bytes()).as_ref().to_owned(),
            next: 0,
        }
    }

    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        let number = self.bytes[self.next..self.next + 4]
            .iter()
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        self.next = (self.next + 4) % 32;
        number % limit
    }

    /// A time in the year after the first day.
    pub(super) fn time(&mut self) -> DateTime<Utc> {
        FIRST_DAY + Duration::minutes(i64::from(self.below(360 * 24 * 60)))
    }
}

/// A UUIDv7 whose time is the first day and whose random part is the name's hash.
pub(super) fn id(kind: &str, name: &str) -> Uuid {
    id_at(kind, name, FIRST_DAY)
}

/// [`id`] with another time.
pub(super) fn id_at(kind: &str, name: &str, at: DateTime<Utc>) -> Uuid {
    let hash = digest(&SHA256, format!("{kind}/{name}").as_bytes());
    let mut random = [0; 10];
    random.copy_from_slice(&hash.as_ref()[..10]);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// `Ankara Wrap Dress` becomes `ankara-wrap-dress`.
pub(super) fn slug(name: &str) -> String {
    let kept = name.to_lowercase().replace('\'', "");
    let words = kept
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}
