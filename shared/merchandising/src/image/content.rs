//! What an uploaded picture may be, and whether bytes are that.

use std::fmt;
use std::str::FromStr;

use domain::{Fault, Kind, Unreadable};

/// How many bytes from the beginning are looked at: enough for the first box of an AVIF file.
pub const PEEKED: u32 = 64;

/// The types of picture that every browser of today shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageType {
    /// `image/jpeg`.
    Jpeg,
    /// `image/png`.
    Png,
    /// `image/webp`.
    Webp,
    /// `image/avif`.
    Avif,
}

impl ImageType {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Jpeg, Self::Png, Self::Webp, Self::Avif];

    /// Its media type.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
        }
    }

    /// What the names of its files end with.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Avif => "avif",
        }
    }

    /// The type that bytes begin as, whatever they are called.
    #[must_use]
    pub fn of(beginning: &[u8]) -> Option<Self> {
        match beginning {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::Webp),
            _ if is_avif(beginning) => Some(Self::Avif),
            _ => None,
        }
    }
}

/// ISO/IEC 14496-12 §4.3: a box `ftyp` with a major brand, its version, and compatible brands. AVIF's own
/// are `avif` for a picture and `avis` for a sequence.
fn is_avif(beginning: &[u8]) -> bool {
    let (Some(size), Some(b"ftyp")) = (beginning.first_chunk::<4>(), beginning.get(4..8)) else {
        return false;
    };
    let size = usize::try_from(u32::from_be_bytes(*size)).unwrap_or(usize::MAX);
    let brands = beginning
        .get(8..size.min(beginning.len()))
        .unwrap_or_default();
    let mut brands = brands.chunks_exact(4).enumerate();
    brands.any(|(place, brand)| place != 1 && matches!(brand, b"avif" | b"avis"))
}

impl fmt::Display for ImageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ImageType {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let known = Self::ALL.iter().find(|known| known.as_str() == text);
        known.copied().ok_or_else(|| Unreadable {
            what: "ImageType",
            word: text.chars().take(64).collect(),
        })
    }
}

/// The size of a picture: 1 byte to 10 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageSize(i64);

impl ImageSize {
    /// The largest, in bytes.
    pub const MAX: i64 = 10 * 1024 * 1024;

    /// Checks a size.
    ///
    /// # Errors
    /// [`ImageContentError::Size`].
    pub fn new(bytes: i64) -> Result<Self, ImageContentError> {
        if (1..=Self::MAX).contains(&bytes) {
            Ok(Self(bytes))
        } else {
            Err(ImageContentError::Size)
        }
    }

    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> i64 {
        self.0
    }
}

/// What a picture shows, in one line of at most 300 characters; may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alt(String);

impl Alt {
    /// The longest, in characters.
    pub const MAX: usize = 300;

    /// Tidies and checks a text.
    ///
    /// # Errors
    /// [`ImageContentError::Alt`].
    pub fn parse(text: &str) -> Result<Self, ImageContentError> {
        let words = text.split(|c: char| c.is_whitespace() || c.is_control());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let tidy = words.join(" ");
        if tidy.chars().count() <= Self::MAX {
            Ok(Self(tidy))
        } else {
            Err(ImageContentError::Alt)
        }
    }

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why something cannot be promised of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImageContentError {
    /// Empty, or too large.
    #[error("must be 1 to {} bytes", ImageSize::MAX)]
    Size,
    /// Too long.
    #[error("must have at most {} characters", Alt::MAX)]
    Alt,
}

impl Fault for ImageContentError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Size => "invalid_image_size",
            Self::Alt => "invalid_alt",
        }
    }
}

/// In what an object is not the picture that was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// It has another size.
    Size,
    /// Its bytes are of another type, or of none.
    Type,
}

impl Mismatch {
    /// Its word in the audit log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Size => "another_size",
            Self::Type => "another_type",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn avif(brands: &[&[u8; 4]]) -> Vec<u8> {
        let size = u32::try_from(8 + 4 * brands.len()).unwrap();
        let brands = brands.iter().flat_map(|brand| brand.iter().copied());
        let head = size.to_be_bytes().into_iter().chain(*b"ftyp");
        head.chain(brands).chain(*b"\0\0\0\x08mdat").collect()
    }

    #[test]
    fn bytes_are_what_they_begin_as() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        let webp = b"RIFF\x24\0\0\0WEBPVP8 ";
        for (bytes, expected) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], Some(ImageType::Jpeg)),
            (png, Some(ImageType::Png)),
            (webp, Some(ImageType::Webp)),
            (
                &avif(&[b"avif", b"\0\0\0\0", b"mif1"]),
                Some(ImageType::Avif),
            ),
            (
                &avif(&[b"mif1", b"\0\0\0\0", b"miaf", b"avif"]),
                Some(ImageType::Avif),
            ),
            (&avif(&[b"heic", b"avif", b"mif1"]), None),
            (&avif(&[b"mp42", b"\0\0\0\0", b"isom"]), None),
            (b"RIFF\x24\0\0\0WAVEfmt ", None),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\">", None),
            (b"<html><script>", None),
            (b"GIF89a", None),
            (&png[..7], None),
            (b"\0\0\0\x04ftypavif", None),
            (b"", None),
        ] {
            assert_eq!(ImageType::of(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_type_reads_back_as_itself() {
        for kind in ImageType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        assert!("image/svg+xml".parse::<ImageType>().is_err());
    }

    #[test]
    fn sizes_and_texts_have_their_limits() {
        for bytes in [1, ImageSize::MAX] {
            assert_eq!(ImageSize::new(bytes).unwrap().bytes(), bytes);
        }
        for bytes in [i64::MIN, -1, 0, ImageSize::MAX + 1, i64::MAX] {
            assert_eq!(ImageSize::new(bytes), Err(ImageContentError::Size));
        }
        assert_eq!(
            Alt::parse("  the shirt,\n from\tbehind\0 ")
                .unwrap()
                .as_str(),
            "the shirt, from behind"
        );
        assert!(Alt::parse(&"é".repeat(Alt::MAX)).is_ok());
        assert_eq!(
            Alt::parse(&"é".repeat(Alt::MAX + 1)),
            Err(ImageContentError::Alt)
        );
    }
}
