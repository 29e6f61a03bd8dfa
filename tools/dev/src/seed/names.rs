//! Names that nobody has made up before: as many as the catalogue needs, each once.

use super::catalogue::LETTERS;

/// Consonants and vowels make 64 syllables.
const CONSONANTS: &[u8; 16] = b"bdfgklmnprstvwyz";
const VOWELS: &[u8; 4] = b"aeio";
/// Syllables of a name, and how many such names there are.
const SYLLABLES: u32 = 3;
const NAMES: u32 = 1 << (6 * SYLLABLES);

/// A pronounceable name for a number below 262,144; no two numbers have the same.
pub(super) fn made_up(number: u32) -> String {
    // An odd factor permutes the numbers, so that neighbours do not begin alike.
    let mut rest = number.wrapping_mul(0x1_9E37) % NAMES;
    let mut name = String::new();
    for _ in 0..SYLLABLES {
        name.push(char::from(CONSONANTS[of(rest, 4, 16)]));
        name.push(char::from(VOWELS[of(rest, 1, 4)]));
        rest /= 64;
    }
    name[..1].to_uppercase() + &name[1..]
}

/// Six letters and digits for a number below 700 million; no two numbers have the same. The
/// hand-made products' codes have five.
pub(super) fn code(number: u32) -> String {
    let base = u32::try_from(LETTERS.len()).unwrap_or(1);
    let mut rest = number;
    let mut code: Vec<char> = (0..6)
        .map(|_| {
            let letter = LETTERS[of(rest, 1, base)];
            rest /= base;
            char::from(letter)
        })
        .collect();
    code.reverse();
    code.into_iter().collect()
}

/// A maker's name of a model: `KX-4821`. Two models may share one, as they do.
pub(super) fn model(letters: u32, number: u32) -> String {
    let letter = |of: u32| char::from(b'A' + u8::try_from(of % 26).unwrap_or_default());
    let number = 100 + number % 9_900;
    format!("{}{}-{number}", letter(letters), letter(letters / 26))
}

/// `number / unit` below `limit`, to index with.
fn of(number: u32, unit: u32, limit: u32) -> usize {
    usize::try_from(number / unit % limit).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_codes_are_given_once() {
        let names: BTreeSet<String> = (0..NAMES).map(made_up).collect();
        assert_eq!(names.len(), usize::try_from(NAMES).unwrap());
        let codes: BTreeSet<String> = (0..100_000).map(|n| code(n * 7)).collect();
        assert_eq!(codes.len(), 100_000);
        assert!(names.iter().all(|name| name.len() == 6));
    }
}
