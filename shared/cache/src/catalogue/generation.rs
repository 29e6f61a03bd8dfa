//! The catalogue as it was between two changes, by name.
//!
//! A generation's name is random, not a counter: one that Redis has lost can never come back and make
//! old copies fresh.

use ring::rand::{SecureRandom, SystemRandom};

/// The bytes that a generation's name is written in, before each copy and each lease.
pub(super) const GENERATION_BYTES: usize = 32;

/// 128 random bits as hexadecimal digits; `None` if the system has none to give.
pub(super) fn random_name() -> Option<[u8; GENERATION_BYTES]> {
    let mut random = [0_u8; GENERATION_BYTES / 2];
    SystemRandom::new().fill(&mut random).ok()?;
    let mut name = [0; GENERATION_BYTES];
    for (index, digit) in name.iter_mut().enumerate() {
        let byte = random[index / 2];
        let nibble = if index % 2 == 0 { byte >> 4 } else { byte & 15 };
        *digit = b"0123456789abcdef"[usize::from(nibble)];
    }
    Some(name)
}
