//! What stands in a cell: text that no spreadsheet takes for a formula, and exact amounts.

use std::borrow::Cow;

/// What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection"): `=`, `+`, `-`, `@`, a
/// tab, a line break, and the wide forms of the signs, which some locales read alike.
const FORMULA: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}',
];
const GUARD: char = '\'';

/// A text as it stands in a file: one that a spreadsheet would take for a formula gets an apostrophe in
/// front, and so does one that only looks like a guarded text, so that [`plain`] gives back every text.
#[must_use]
pub fn guarded(text: &str) -> Cow<'_, str> {
    if needs_guard(text) {
        Cow::Owned(format!("{GUARD}{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that a cell stands for: without the apostrophe that [`guarded`] put in front. An apostrophe
/// that guards nothing is the text's own.
#[must_use]
pub fn plain(cell: &str) -> &str {
    match cell.strip_prefix(GUARD) {
        Some(rest) if needs_guard(rest) => rest,
        Some(_) | None => cell,
    }
}

fn needs_guard(text: &str) -> bool {
    text.trim_start_matches(GUARD).starts_with(FORMULA)
}

/// Why a cell is no amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Something else than digits and a decimal mark.
    #[error("must be an amount such as 12500.00, without currency and thousands separators")]
    Malformed,
    /// No coin is smaller than a hundredth.
    #[error("must have at most two decimals")]
    TooFine,
    /// Beyond what is stored.
    #[error("is too large")]
    TooLarge,
}

impl AmountError {
    /// The stable word for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "invalid_amount",
            Self::TooFine => "amount_too_fine",
            Self::TooLarge => "amount_too_large",
        }
    }
}

/// Minor units (kobo) out of `12500.00`, `12500.5` or `12500`, exactly. Where a file is separated by
/// semicolons, its locale writes the decimals behind a comma, and that is read too.
///
/// # Errors
/// [`AmountError`].
pub fn amount(text: &str, decimal_comma: bool) -> Result<i64, AmountError> {
    let mark = if decimal_comma && !text.contains('.') {
        ','
    } else {
        '.'
    };
    let (whole, fraction) = match text.split_once(mark) {
        Some((_, "")) => return Err(AmountError::Malformed),
        Some(parts) => parts,
        None => (text, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return Err(AmountError::Malformed);
    }
    let hundredths = match fraction.len() {
        0 => 0,
        1 => number(fraction)?.saturating_mul(10),
        2 => number(fraction)?,
        _ => return Err(AmountError::TooFine),
    };
    let units = number(whole)?
        .checked_mul(100)
        .ok_or(AmountError::TooLarge)?;
    units.checked_add(hundredths).ok_or(AmountError::TooLarge)
}

fn number(digits: &str) -> Result<i64, AmountError> {
    digits.parse().map_err(|_| AmountError::TooLarge)
}

/// An amount of minor units as [`amount`] reads it: `12500.00`.
#[must_use]
pub fn decimal(minor: i64) -> String {
    let (minor, sign) = (minor.unsigned_abs(), if minor < 0 { "-" } else { "" });
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

/// Texts in one cell, `S|M|L`; a `|` or `\` of their own has a `\` in front.
#[must_use]
pub(super) fn list(texts: &[String]) -> String {
    let escaped = texts
        .iter()
        .map(|text| text.replace('\\', "\\\\").replace('|', "\\|"));
    escaped.collect::<Vec<_>>().join("|")
}

/// The texts of a cell that [`list`] wrote, without white space around them.
#[must_use]
pub(super) fn listed(cell: &str) -> Vec<String> {
    let (mut texts, mut text) = (Vec::new(), String::new());
    let mut characters = cell.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.push(characters.next().unwrap_or('\\')),
            '|' => texts.push(std::mem::take(&mut text)),
            _ => text.push(character),
        }
    }
    texts.push(text);
    texts.iter().map(|text| text.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_guarded_and_nothing_else_is() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+234", "'+234"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\r=x", "'\r=x"),
            ("＝1", "'＝1"),
            ("'=1+1", "''=1+1"),
            ("''@x", "'''@x"),
            ("'Ofada'", "'Ofada'"),
            ("Ankara = blue", "Ankara = blue"),
            ("", ""),
        ] {
            assert_eq!(guarded(text), cell, "{text:?}");
            assert_eq!(plain(cell), text, "{cell:?}");
        }
    }

    #[test]
    fn amounts_are_read_to_the_kobo() {
        for (text, minor) in [
            ("12500.00", 1_250_000),
            ("12500.5", 1_250_050),
            ("12500", 1_250_000),
            ("0.01", 1),
            ("92233720368547758.07", i64::MAX),
        ] {
            assert_eq!(amount(text, false), Ok(minor), "{text}");
        }
        assert_eq!(amount("12500,50", true), Ok(1_250_050));
        assert_eq!(amount("12500.50", true), Ok(1_250_050));
    }

    #[test]
    fn what_is_no_amount_is_refused_and_never_rounded() {
        for text in [
            "",
            "12,500.00",
            "NGN 5",
            "-1",
            "+1",
            "1.",
            ".5",
            "1e3",
            " 1",
            "１",
            "1.2.3",
            "12,50",
        ] {
            assert_eq!(amount(text, false), Err(AmountError::Malformed), "{text}");
        }
        assert_eq!(amount("1.005", false), Err(AmountError::TooFine));
        assert_eq!(
            amount("12,500", true),
            Err(AmountError::TooFine),
            "thousands, perhaps"
        );
        for text in ["92233720368547758.08", "99999999999999999999"] {
            assert_eq!(amount(text, false), Err(AmountError::TooLarge), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back_from_its_cell(text in "['=+@\\t\\r\\n＝a-]{0,6}.{0,20}") {
            let cell = guarded(&text);
            prop_assert_eq!(plain(&cell), text.as_str());
            prop_assert!(!cell.starts_with(FORMULA));
        }

        #[test]
        fn every_amount_comes_back_from_its_decimals(minor in 0..=i64::MAX) {
            prop_assert_eq!(amount(&decimal(minor), false), Ok(minor));
            prop_assert_eq!(amount(&decimal(minor).replace('.', ","), true), Ok(minor));
        }

        #[test]
        fn no_text_makes_reading_an_amount_panic(text in ".*", comma: bool) {
            amount(&text, comma).ok();
        }

        #[test]
        fn every_list_comes_back_from_its_cell(texts in proptest::collection::vec("[|\\\\ab]{0,5}", 1..5)) {
            prop_assert_eq!(listed(&list(&texts)), texts);
        }
    }
}
