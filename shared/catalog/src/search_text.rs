//! Words to search for, as a shopper types them.

use crate::FilterError;

/// The longest text that is searched for, in characters.
pub(crate) const LONGEST_TEXT: usize = 200;

/// Words to search for: `"exact phrase"`, `-without`, `this or that`; the last may be unfinished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText(String);

impl SearchText {
    /// Tidies a text; white space alone is no search.
    ///
    /// # Errors
    /// [`FilterError::TextTooLong`].
    pub fn parse(text: &str) -> Result<Option<Self>, FilterError> {
        let visible = text.replace(char::is_control, " ");
        let tidy = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        if tidy.chars().count() > LONGEST_TEXT {
            return Err(FilterError::TextTooLong);
        }
        Ok(Some(Self(tidy)).filter(|text| !text.0.is_empty()))
    }

    /// The plain text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the text says, in order.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        let mut reading = Reading::default();
        let mut chars = self.0.chars().peekable();
        let mut before = ' ';
        while let Some(char) = chars.next() {
            match char {
                _ if char.is_alphanumeric() => reading.word.push(char),
                '\'' | '\u{2019}' | '\u{300}'..='\u{36f}' => {}
                '"' => reading.quote(),
                '-' if before == ' ' && chars.peek().is_some_and(|next| starts(*next)) => {
                    reading.sign(Piece::Without);
                }
                _ => reading.end_word(),
            }
            before = char;
        }
        reading.finished()
    }
}

/// Whether a word or a phrase begins here.
fn starts(char: char) -> bool {
    char.is_alphanumeric() || char == '"'
}

/// A piece of a search text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A word that may be misspelt.
    Word(String),
    /// A word that is meant as it stands: in a phrase, or one that must not be there.
    Literal(String),
    /// The last word, which may still be being typed; and be misspelt.
    Unfinished(String),
    /// Where a phrase begins or ends.
    Quote,
    /// What follows must not be there.
    Without,
    /// Either side will do.
    Or,
}

#[derive(Debug, Default)]
struct Reading {
    pieces: Vec<Piece>,
    word: String,
    quoted: bool,
}

impl Reading {
    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if word.is_empty() {
            return;
        }
        let literal = self.quoted || self.pieces.last() == Some(&Piece::Without);
        self.pieces.push(if literal {
            Piece::Literal(word)
        } else if word.eq_ignore_ascii_case("or") {
            Piece::Or
        } else {
            Piece::Word(word)
        });
    }

    fn sign(&mut self, piece: Piece) {
        self.end_word();
        // Within a phrase there are only words.
        if !self.quoted {
            self.pieces.push(piece);
        }
    }

    fn quote(&mut self) {
        self.end_word();
        self.quoted = !self.quoted;
        self.pieces.push(Piece::Quote);
    }

    /// The last word may be unfinished, unless an operator joins it to what is before it; and where
    /// there is a phrase, the text is finished.
    fn finished(mut self) -> Vec<Piece> {
        self.end_word();
        let finished = self.pieces.contains(&Piece::Quote)
            || self.pieces.iter().rev().nth(1) == Some(&Piece::Or);
        match self.pieces.pop() {
            Some(Piece::Word(word)) if !finished => self.pieces.push(Piece::Unfinished(word)),
            Some(last) => self.pieces.push(last),
            None => {}
        }
        self.pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<Piece> {
        SearchText::parse(text).unwrap().unwrap().pieces()
    }

    fn word(word: &str) -> Piece {
        Piece::Word(word.to_owned())
    }

    fn literal(word: &str) -> Piece {
        Piece::Literal(word.to_owned())
    }

    fn unfinished(word: &str) -> Piece {
        Piece::Unfinished(word.to_owned())
    }

    #[test]
    fn the_last_word_may_be_unfinished_unless_it_belongs_to_a_phrase_or_an_operator() {
        assert_eq!(pieces("sand"), [unfinished("sand")]);
        assert_eq!(
            pieces("  leather \n sand!"),
            [word("leather"), unfinished("sand")]
        );
        assert_eq!(pieces("t-shirt"), [word("t"), unfinished("shirt")]);
        let phrase = [Piece::Quote, literal("leather"), literal("sand")];
        assert_eq!(pieces("\"leather sand"), phrase);
        let without = [word("sandals"), Piece::Without, literal("leather")];
        assert_eq!(pieces("sandals -leather"), without);
        assert_eq!(
            pieces("red OR blue"),
            [word("red"), Piece::Or, word("blue")]
        );
        assert_eq!(pieces("?!"), []);
    }

    #[test]
    fn a_hyphen_excludes_before_a_word_only() {
        assert_eq!(
            pieces("ADX-12 - b"),
            [word("ADX"), word("12"), unfinished("b")]
        );
        let phrase = [
            Piece::Without,
            Piece::Quote,
            literal("a"),
            literal("b"),
            Piece::Quote,
        ];
        assert_eq!(pieces("-\"a b\""), phrase);
    }

    #[test]
    fn marks_and_apostrophes_do_not_part_words() {
        assert_eq!(pieces("men's Ọ̀fì"), [word("mens"), unfinished("Ọfì")]);
    }

    #[test]
    fn white_space_and_control_characters_are_no_search() {
        assert_eq!(SearchText::parse(" \t\0 "), Ok(None));
        let long = "a".repeat(LONGEST_TEXT + 1);
        assert_eq!(SearchText::parse(&long), Err(FilterError::TextTooLong));
        assert_eq!(SearchText::parse("a\0b").unwrap().unwrap().as_str(), "a b");
    }
}
