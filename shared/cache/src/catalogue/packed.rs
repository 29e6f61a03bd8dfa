//! A copy as it lies in Redis: `generation (32) · checksum (8) · marker (1) · content`.
//!
//! What is not exactly that counts as no copy: another generation's, one of another version of this
//! code, and what was damaged on the way.

use ring::digest::{SHA256, digest};

use super::generation::GENERATION_BYTES;

const CHECKSUM_BYTES: usize = 8;
const HEAD_BYTES: usize = GENERATION_BYTES + CHECKSUM_BYTES;

/// The content is the value.
const PLAIN: u8 = b'p';
/// The content is the value's length (4 bytes, little endian) and an LZ4 block.
const LZ4: u8 = b'z';
const LENGTH_BYTES: usize = 4;

/// A product page of a few variants is below it, a list is above: below it, the bytes that are saved
/// weigh less than the time.
const COMPRESSED_FROM_BYTES: usize = 1_024;

/// No answer of a function is longer (Lambda's limit is 6 MB), so that no copy is; what says that it
/// is, is damaged, and gets no memory.
const LONGEST_BYTES: usize = 6 * 1024 * 1024;

/// The copy of a value; `None` of one that is too long to be copied.
pub(super) fn pack(generation: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    if value.len() > LONGEST_BYTES {
        return None;
    }
    let mut copy = Vec::with_capacity(HEAD_BYTES + 1 + value.len());
    copy.extend_from_slice(generation);
    copy.extend_from_slice(&[0; CHECKSUM_BYTES]);
    match compressed(value) {
        Some(block) => {
            copy.push(LZ4);
            copy.extend_from_slice(&u32::try_from(value.len()).ok()?.to_le_bytes());
            copy.extend_from_slice(&block);
        }
        None => {
            copy.push(PLAIN);
            copy.extend_from_slice(value);
        }
    }
    let checksum = checksum(&copy[HEAD_BYTES..]);
    copy[GENERATION_BYTES..HEAD_BYTES].copy_from_slice(&checksum);
    Some(copy)
}

/// The value of a copy of this generation.
pub(super) fn unpack(generation: &[u8], mut copy: Vec<u8>) -> Option<Vec<u8>> {
    let kept = copy.strip_prefix(generation)?;
    let (sum, marked) = kept.split_at_checked(CHECKSUM_BYTES)?;
    if sum != checksum(marked) {
        return None;
    }
    match marked.split_first()? {
        (&PLAIN, _) => {
            copy.drain(..=HEAD_BYTES);
            Some(copy)
        }
        (&LZ4, content) => decompressed(content),
        _ => None,
    }
}

fn compressed(value: &[u8]) -> Option<Vec<u8>> {
    if value.len() < COMPRESSED_FROM_BYTES {
        return None;
    }
    let block = lz4_flex::block::compress(value);
    (block.len() + LENGTH_BYTES < value.len()).then_some(block)
}

fn decompressed(content: &[u8]) -> Option<Vec<u8>> {
    let (length, block) = content.split_first_chunk::<LENGTH_BYTES>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if length > LONGEST_BYTES {
        return None;
    }
    let value = lz4_flex::block::decompress(block, length).ok()?;
    (value.len() == length).then_some(value)
}

fn checksum(content: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&digest(&SHA256, content).as_ref()[..CHECKSUM_BYTES]);
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GENERATION: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn a_page(products: usize) -> Vec<u8> {
        let product =
            br#"{"slug":"ankara-shirt","name":"Ankara shirt","price":{"amount":1250000}},"#;
        product.repeat(products)
    }

    fn with_content(marker: u8, content: &[u8]) -> Vec<u8> {
        let marked = [&[marker], content].concat();
        [GENERATION, &checksum(&marked), &marked].concat()
    }

    #[test]
    fn a_long_value_is_kept_short_and_a_short_one_as_it_is() {
        let (long, short) = (a_page(100), a_page(2));
        let copy = pack(GENERATION, &long).unwrap();
        assert!(copy.len() < long.len() / 10, "{} bytes", copy.len());
        assert_eq!(unpack(GENERATION, copy).unwrap(), long);
        let copy = pack(GENERATION, &short).unwrap();
        assert_eq!(copy.len(), HEAD_BYTES + 1 + short.len());
        assert_eq!(unpack(GENERATION, copy).unwrap(), short);
    }

    #[test]
    fn what_cannot_be_compressed_does_not_grow() {
        let noise: Vec<u8> = (0..200_u32)
            .flat_map(|n| digest(&SHA256, &n.to_le_bytes()).as_ref().to_vec())
            .collect();
        let copy = pack(GENERATION, &noise).unwrap();
        assert_eq!(copy.len(), HEAD_BYTES + 1 + noise.len());
        assert_eq!(unpack(GENERATION, copy).unwrap(), noise);
    }

    #[test]
    fn what_is_not_a_copy_of_this_generation_counts_as_none() {
        let copy = pack(GENERATION, b"{}").unwrap();
        let other = b"f123456789abcdef0123456789abcdef";
        assert_eq!(unpack(other, copy), None);
        let of_an_older_version = [GENERATION, b"{\"items\":[]}"].concat();
        assert_eq!(unpack(GENERATION, of_an_older_version), None);
        let of_a_newer_version = with_content(b'?', b"{}");
        assert_eq!(unpack(GENERATION, of_a_newer_version), None);
        assert_eq!(unpack(GENERATION, Vec::new()), None);
    }

    #[test]
    fn a_length_that_cannot_be_gets_no_memory() {
        let claims =
            |length: u32| with_content(LZ4, &[&length.to_le_bytes()[..], b"\x10a"].concat());
        assert_eq!(unpack(GENERATION, claims(u32::MAX)), None);
        assert_eq!(unpack(GENERATION, claims(1)).unwrap(), b"a");
        assert_eq!(unpack(GENERATION, claims(2)), None);
        assert_eq!(pack(GENERATION, &vec![0; LONGEST_BYTES + 1]), None);
    }

    proptest! {
        #[test]
        fn every_value_is_had_again(value in proptest::collection::vec(any::<u8>(), 0..5_000)) {
            let copy = pack(GENERATION, &value).unwrap();
            prop_assert_eq!(unpack(GENERATION, copy).unwrap(), value);
        }

        #[test]
        fn a_damaged_copy_is_none(
            products in 1_usize..40, place in any::<proptest::sample::Index>(), flip in 1_u8..,
            cut in any::<Option<proptest::sample::Index>>(),
        ) {
            let mut copy = pack(GENERATION, &a_page(products)).unwrap();
            match cut {
                Some(cut) => copy.truncate(cut.index(copy.len())),
                None => {
                    let place = place.index(copy.len());
                    copy[place] ^= flip;
                }
            }
            prop_assert_eq!(unpack(GENERATION, copy), None);
        }
    }
}
