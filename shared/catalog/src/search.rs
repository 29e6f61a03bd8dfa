//! What a search text means: its words without accents, and known ones in place of misspelt ones.

use std::collections::HashMap;

use database::{DatabaseError, PgConnection};

use crate::SearchText;
use crate::search_text::Piece;
use crate::store_search::{self, Resembling, Spelling};

/// So many letters tell what a word is the beginning of.
const TELLING_LETTERS: usize = 3;

/// A search text as it is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// Whole words and operators, in the words of `websearch_to_tsquery`.
    pub(crate) whole: String,
    /// The last word, which may still be being typed; letters and digits only.
    pub(crate) unfinished: Option<String>,
    /// Known words that begin with it.
    pub(crate) completions: Vec<String>,
    /// Whether whatever begins with it is looked for: where no known word does, or where it is a part of
    /// a SKU. Of a few letters that would be half the catalogue.
    pub(crate) is_beginning: bool,
}

/// Understands a text, with known words in the place of unknown ones that resemble them; answers what
/// is searched for instead, if so.
///
/// # Errors
/// [`DatabaseError`].
pub(crate) async fn understood(
    connection: &mut PgConnection,
    text: &SearchText,
) -> Result<(Words, Option<String>), DatabaseError> {
    let pieces = text.pieces();
    let spelling = store_search::spelling(connection, &pieces).await?;
    let mut meant = meant(&spelling);
    let corrected = Some(written(&pieces, &spelling.folded, &meant))
        .filter(|text| !meant.is_empty() && SearchText::parse(text).is_ok());
    if corrected.is_none() {
        // What would be too long to be searched for again is left as it was asked.
        meant.clear();
    }
    Ok((words(&pieces, spelling, &meant), corrected))
}

/// Understands a text without correcting it.
///
/// # Errors
/// [`DatabaseError`].
pub(crate) async fn as_it_stands(
    connection: &mut PgConnection,
    text: &SearchText,
) -> Result<Words, DatabaseError> {
    let pieces = text.pieces();
    let spelling = store_search::spelling(connection, &pieces).await?;
    Ok(words(&pieces, spelling, &HashMap::new()))
}

/// For each unknown word the known one that was meant, if any is near enough.
fn meant(spelling: &Spelling) -> HashMap<String, String> {
    let mut nearest: HashMap<&str, (usize, &Resembling)> = HashMap::new();
    for candidate in &spelling.resembling {
        let mistakes = strsim::osa_distance(&candidate.word, &candidate.known);
        // They come with the likest first, which wins among equals.
        let better = nearest
            .get(candidate.word.as_str())
            .is_none_or(|(fewest, _)| mistakes < *fewest);
        if mistakes <= bearable(&candidate.word) && better {
            nearest.insert(&candidate.word, (mistakes, candidate));
        }
    }
    let each = nearest.into_values();
    each.map(|(_, found)| (found.word.clone(), found.known.clone()))
        .collect()
}

/// How many letters may be wrong, missing, too many or swapped with their neighbours. A short word is
/// near to too many others.
fn bearable(word: &str) -> usize {
    match word.chars().count() {
        ..4 => 0,
        4..6 => 1,
        6..10 => 2,
        10.. => 3,
    }
}

/// A text anew, with other words: to be shown, and to be read again.
fn written(pieces: &[Piece], folded: &[String], meant: &HashMap<String, String>) -> String {
    let mut folded = folded.iter();
    let mut text = String::new();
    let mut quoted = false;
    for piece in pieces {
        let word = match piece {
            Piece::Quote => {
                quoted = !quoted;
                if !quoted {
                    text.truncate(text.trim_end().len());
                }
                text.push_str(if quoted { "\"" } else { "\" " });
                continue;
            }
            Piece::Without => {
                text.push('-');
                continue;
            }
            Piece::Or => "or",
            Piece::Literal(_) => folded.next().map_or("", String::as_str),
            Piece::Word(_) | Piece::Unfinished(_) => folded
                .next()
                .map_or("", |word| meant.get(word).unwrap_or(word)),
        };
        text.push_str(word);
        text.push(' ');
    }
    text.trim_end().to_owned()
}

fn words(pieces: &[Piece], spelling: Spelling, meant: &HashMap<String, String>) -> Words {
    let Spelling {
        folded,
        completions,
        ..
    } = spelling;
    let Some((Piece::Unfinished(_), whole)) = pieces.split_last() else {
        return Words {
            whole: written(pieces, &folded, meant),
            ..Words::default()
        };
    };
    let last = folded.last().cloned().unwrap_or_default();
    // What folds to several words ("½") is finished.
    if last.is_empty() || last.contains(' ') {
        return Words {
            whole: written(pieces, &folded, meant),
            ..Words::default()
        };
    }
    let is_beginning = completions.is_empty() && last.chars().count() >= TELLING_LETTERS;
    Words {
        whole: written(whole, &folded, meant),
        unfinished: Some(meant.get(&last).cloned().unwrap_or(last)),
        completions,
        is_beginning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resembling(word: &str, known: &[&str]) -> Vec<Resembling> {
        let each = known.iter().map(|known| Resembling {
            word: word.to_owned(),
            known: (*known).to_owned(),
        });
        each.collect()
    }

    fn meant_by(word: &str, known: &[&str]) -> Option<String> {
        let spelling = Spelling {
            resembling: resembling(word, known),
            ..Spelling::default()
        };
        meant(&spelling).remove(word)
    }

    #[test]
    fn the_word_with_the_fewest_mistakes_is_meant() {
        assert_eq!(
            meant_by("sandlas", &["sandal", "sandals"]).as_deref(),
            Some("sandals")
        );
        assert_eq!(
            meant_by("lether", &["leather", "letter"]).as_deref(),
            Some("leather")
        );
        assert_eq!(
            meant_by("anakra", &["anchor", "ankara"]).as_deref(),
            Some("ankara")
        );
    }

    #[test]
    fn what_is_far_from_everything_is_left_as_it_is() {
        assert_eq!(meant_by("shrt", &["shore"]), None);
        assert_eq!(meant_by("wrappr", &["trousers"]), None);
    }

    #[test]
    fn a_corrected_text_keeps_its_operators() {
        let text = SearchText::parse("red lether or -\"big bag\" -cap")
            .unwrap()
            .unwrap();
        let folded = ["red", "lether", "big", "bag", "cap"].map(str::to_owned);
        let meant = HashMap::from([("lether".to_owned(), "leather".to_owned())]);
        let written = written(&text.pieces(), &folded, &meant);
        assert_eq!(written, "red leather or -\"big bag\" -cap");
        let again = SearchText::parse(&written).unwrap().unwrap();
        assert_eq!(again.pieces().len(), text.pieces().len());
    }
}
