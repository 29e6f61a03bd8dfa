//! Codes that cannot be guessed, and a seeded order that can be repeated.

use ring::rand::{SecureRandom, SystemRandom};

const LETTERS: &[u8; 32] = b"abcdefghijkmnopqrstuvwxyz2345678";

/// `length` lower-case letters and digits.
pub(crate) fn code(length: usize) -> String {
    bytes(length)
        .into_iter()
        .map(|byte| char::from(LETTERS[usize::from(byte) % 32]))
        .collect()
}

/// `length` hexadecimal digits.
pub(crate) fn hexadecimal(length: usize) -> String {
    let mut text = hex::encode(bytes(length.div_ceil(2)));
    text.truncate(length);
    text
}

/// `length` decimal digits, the first of them not zero.
pub(crate) fn digits(length: usize) -> String {
    let mut text: String = bytes(length)
        .into_iter()
        .map(|byte| char::from(b'0' + byte % 10))
        .collect();
    if text.starts_with('0') {
        text.replace_range(..1, "9");
    }
    text
}

fn bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    // The system's source fails only before it is seeded at boot; a sandbox may then repeat itself.
    if SystemRandom::new().fill(&mut bytes).is_err() {
        tracing::warn!("the system has no randomness yet");
    }
    bytes
}

/// Puts `items` in an order that depends on the seed only (Fisher–Yates over splitmix64).
pub(crate) fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        let bound = u64::try_from(last + 1).unwrap_or(u64::MAX);
        let chosen = splitmix64(&mut state) % bound;
        items.swap(last, usize::try_from(chosen).unwrap_or(0));
    }
}

/// One step of splitmix64, a public-domain generator that needs no warm-up.
pub(crate) fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::shuffle;

    #[test]
    fn a_seed_gives_the_same_order_each_time_and_keeps_every_item() {
        let order = |seed| {
            let mut items: Vec<u32> = (0..10).collect();
            shuffle(&mut items, seed);
            items
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
        let mut sorted = order(7);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..10).collect::<Vec<_>>());
    }
}
