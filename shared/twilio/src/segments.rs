/// How an SMS is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Seven bits a character: 160 in a single message, 153 in each part of a longer one.
    Gsm7,
    /// Sixteen bits a unit: 70 in a single message, 67 in each part. One character outside GSM-7
    /// puts the whole text into it: `₦` and typographic quotes do.
    Ucs2,
}

/// What a text costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    /// How it will be encoded.
    pub encoding: Encoding,
    /// How many messages are billed; an empty text still is one.
    pub count: usize,
}

impl Encoding {
    fn single(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    fn part(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    /// What a character takes, in units that are never parted between two messages.
    fn width(self, character: char) -> usize {
        match self {
            Self::Gsm7 if is_extension(character) => 2,
            Self::Gsm7 => 1,
            Self::Ucs2 => character.len_utf16(),
        }
    }
}

/// Counts the segments of a text as Twilio's own calculator does, without replacing look-alike
/// characters (`SmartEncoded` is not used).
pub fn segments(text: &str) -> Segments {
    let encoding = if text.chars().all(is_gsm7) {
        Encoding::Gsm7
    } else {
        Encoding::Ucs2
    };
    let widths = || text.chars().map(|character| encoding.width(character));
    let count = if widths().sum::<usize>() <= encoding.single() {
        1
    } else {
        parts(widths(), encoding.part())
    };
    Segments { encoding, count }
}

/// Fills parts one after the other; a pair that does not fit goes whole into the next.
fn parts(widths: impl Iterator<Item = usize>, size: usize) -> usize {
    let (count, _) = widths.fold((1, 0), |(count, used), width| {
        if used + width > size {
            (count + 1, width)
        } else {
            (count, used + width)
        }
    });
    count
}

fn is_gsm7(character: char) -> bool {
    is_basic(character) || is_extension(character)
}

/// The basic character set of 3GPP TS 23.038. The backtick is not in it.
fn is_basic(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà"
            .contains(character)
}

/// Characters that GSM-7 writes as two, by an escape.
fn is_extension(character: char) -> bool {
    "^{}\\[]~|€\u{c}".contains(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gsm7(count: usize) -> Segments {
        Segments {
            encoding: Encoding::Gsm7,
            count,
        }
    }

    fn ucs2(count: usize) -> Segments {
        Segments {
            encoding: Encoding::Ucs2,
            count,
        }
    }

    #[test]
    fn the_reference_values_are_counted() {
        for (length, count) in [(0, 1), (160, 1), (161, 2), (306, 2), (307, 3)] {
            assert_eq!(segments(&"a".repeat(length)), gsm7(count), "{length}");
        }
        for (units, count) in [(70, 1), (71, 2), (134, 2), (135, 3)] {
            let text = format!("😜{}", "a".repeat(units - 2));
            assert_eq!(segments(&text), ucs2(count), "{units}");
        }
    }

    #[test]
    fn one_character_outside_gsm7_puts_the_whole_text_into_ucs2() {
        for text in ["₦5,000", "it’s", "a–b", "…", "ẹ", "`", "\t"] {
            assert_eq!(segments(text).encoding, Encoding::Ucs2, "{text}");
        }
        for text in [
            "NGN 5,000",
            "it's",
            "€5 [x]",
            "Ñandú is not".replace('ú', "u").as_str(),
            "à",
        ] {
            assert_eq!(segments(text).encoding, Encoding::Gsm7, "{text}");
        }
    }

    #[test]
    fn extended_characters_take_two_and_are_not_parted() {
        assert_eq!(segments(&"€".repeat(80)), gsm7(1));
        assert_eq!(segments(&"€".repeat(81)), gsm7(2));
        // 76 pairs leave one of 153 places free, into which half a pair does not go.
        assert_eq!(segments(&"€".repeat(152)), gsm7(2));
        assert_eq!(segments(&"€".repeat(153)), gsm7(3));
        // The same for surrogate pairs: 33 in each 67.
        assert_eq!(segments(&"😜".repeat(66)), ucs2(2));
        assert_eq!(segments(&"😜".repeat(67)), ucs2(3));
    }

    proptest! {
        #[test]
        fn a_count_is_within_its_bounds(text in "\\PC{0,500}") {
            let Segments { encoding, count } = segments(&text);
            let units: usize = text.chars().map(|c| encoding.width(c)).sum();
            prop_assert!(count >= units.div_ceil(encoding.single()).max(1));
            // Each part but the last lacks at most one unit.
            prop_assert!(count <= units.div_ceil(encoding.part() - 1).max(1));
            prop_assert_eq!(count == 1, units <= encoding.single());
        }

        #[test]
        fn more_text_never_costs_less(text in "[a-z€₦😜]{0,400}", more in "[a-z€₦😜]{0,50}") {
            let longer = format!("{text}{more}");
            prop_assert!(segments(&longer).count >= segments(&text).count);
        }
    }
}
