//! `Range: bytes=…`, one range, as S3 takes it (RFC 9110 §14).

use std::ops::Range;

/// What a header asks for of an object of `size` bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of it: no header, or one that is not understood and therefore ignored.
    Whole,
    /// These.
    Part(Range<usize>),
    /// Nothing that there is.
    Beyond,
}

pub(super) fn asked(header: Option<&str>, size: usize) -> Asked {
    let range = header.and_then(|header| header.strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
        return Asked::Whole;
    };
    let part = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(length)) if first.is_empty() => size.saturating_sub(length)..size,
        _ => return Asked::Whole,
    };
    if part.is_empty() {
        Asked::Beyond
    } else {
        Asked::Part(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_cut_to_what_there_is() {
        for (header, expected) in [
            ("bytes=0-3", Asked::Part(0..4)),
            ("bytes=8-99", Asked::Part(8..10)),
            ("bytes=4-", Asked::Part(4..10)),
            ("bytes=-3", Asked::Part(7..10)),
            ("bytes=10-12", Asked::Beyond),
            ("bytes=-0", Asked::Beyond),
            ("bytes=3-1", Asked::Whole),
            ("bytes=0-1,4-5", Asked::Whole),
            ("items=0-1", Asked::Whole),
        ] {
            assert_eq!(asked(Some(header), 10), expected, "{header}");
        }
        assert_eq!(asked(None, 10), Asked::Whole);
        assert_eq!(asked(Some("bytes=0-0"), 0), Asked::Beyond);
    }
}
