use std::fmt;

/// What S3 takes at most, in bytes.
const LONGEST: usize = 1024;

/// An object's name in the bucket: segments of letters, digits, `-`, `_` and `.`, separated by `/`.
///
/// S3 takes nearly anything; addresses do not. A segment `.` or `..` would be resolved away on the way
/// and name another object, perhaps in another bucket, and an empty key would name the bucket itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an object's key has 1 to 1024 letters, digits, '-', '_' and '.' in segments separated by '/'"
)]
pub struct KeyError;

impl domain::Fault for KeyError {
    fn kind(&self) -> domain::Kind {
        domain::Kind::Bug
    }

    fn code(&self) -> &'static str {
        "unusable_key"
    }
}

impl Key {
    /// Checks a key.
    ///
    /// # Errors
    /// If it is empty, longer than 1024 bytes, has another character, or a segment that is empty, `.`
    /// or `..`.
    pub fn new(text: impl Into<String>) -> Result<Self, KeyError> {
        let text = text.into();
        let fits = text.len() <= LONGEST && text.split('/').all(is_segment);
        if fits { Ok(Self(text)) } else { Err(KeyError) }
    }

    /// The key as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_segment(segment: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !matches!(segment, "" | "." | "..") && segment.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_one_object_and_cannot_climb() {
        let longest = "x".repeat(LONGEST);
        for good in [
            "a",
            "products/1/2.png",
            "imports/a_b-c.csv",
            "a/.b",
            &longest,
        ] {
            assert_eq!(Key::new(good).unwrap().as_str(), good);
        }
        let too_long = "x".repeat(LONGEST + 1);
        for bad in [
            "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a b", "a%2Fb", "é", &too_long,
        ] {
            assert_eq!(Key::new(bad), Err(KeyError), "{bad}");
        }
    }
}
