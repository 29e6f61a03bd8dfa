//! How many segments a text takes (reference/twilio.md §6).

/// GSM-7's basic set, without the letters and digits.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// GSM-7's extension: two septets each.
const EXTENSION: &str = "^{}\\[]~|€\u{c}";

/// The number of segments that `text` is sent in. A pair that belongs together (an escape and its
/// character, the two units of an emoji) is not split between two segments.
pub(super) fn count(text: &str) -> usize {
    match text.chars().map(septets).collect::<Option<Vec<_>>>() {
        Some(widths) => pack(&widths, 160, 153),
        None => pack(
            &text.chars().map(char::len_utf16).collect::<Vec<_>>(),
            70,
            67,
        ),
    }
}

fn septets(c: char) -> Option<usize> {
    if c.is_ascii_alphanumeric() || BASIC.contains(c) {
        Some(1)
    } else {
        EXTENSION.contains(c).then_some(2)
    }
}

fn pack(widths: &[usize], alone: usize, part: usize) -> usize {
    if widths.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (mut segments, mut used) = (1, 0);
    for width in widths {
        if used + width > part {
            segments += 1;
            used = 0;
        }
        used += width;
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn segments_are_those_of_the_reference() {
        for (length, segments) in [(1, 1), (160, 1), (161, 2), (306, 2), (307, 3)] {
            assert_eq!(count(&"a".repeat(length)), segments, "{length} of GSM-7");
        }
        for (letters, segments) in [(68, 1), (69, 2), (132, 2), (133, 3)] {
            assert_eq!(
                count(&format!("😜{}", "a".repeat(letters))),
                segments,
                "{letters} of UCS-2"
            );
        }
    }

    #[test]
    fn the_naira_sign_makes_a_message_unicode() {
        assert_eq!(count(&"a".repeat(71)), 1);
        assert_eq!(count(&format!("₦{}", "a".repeat(70))), 2);
    }

    #[test]
    fn an_escaped_character_counts_twice_and_is_not_split() {
        assert_eq!(count(&"€".repeat(80)), 1);
        assert_eq!(count(&"€".repeat(81)), 2);
        assert_eq!(count(&"€".repeat(153)), 3);
    }
}
