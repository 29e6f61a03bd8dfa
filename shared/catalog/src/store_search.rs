//! The SQL that reads a search text.

use database::{DatabaseError, PgConnection};

use crate::search_text::Piece;

/// What the catalogue knows of the words of a text.
#[derive(Debug, Default)]
pub(crate) struct Spelling {
    /// The words without accents and capitals, in order.
    pub(crate) folded: Vec<String>,
    /// For those that are not known, known ones that resemble them, the likest first.
    pub(crate) resembling: Vec<Resembling>,
    /// Known words that begin with the unfinished one.
    pub(crate) completions: Vec<String>,
}

/// A known word that resembles an unknown one.
#[derive(Debug)]
pub(crate) struct Resembling {
    pub(crate) word: String,
    pub(crate) known: String,
}

/// Folds the words of a text, and looks for what they resemble and for what the last may become: the
/// words that were known first, so that those learnt meanwhile put none of them out.
pub(crate) async fn spelling(
    connection: &mut PgConnection,
    pieces: &[Piece],
) -> Result<Spelling, DatabaseError> {
    let (words, may_be_misspelt) = asked(pieces);
    if words.is_empty() {
        return Ok(Spelling::default());
    }
    let unfinished = matches!(pieces.last(), Some(Piece::Unfinished(_)));
    let rows = sqlx::query!(
        r#"
        WITH folded AS (
            SELECT w.place, folded(w.word) AS word, w.doubtful
            FROM UNNEST($1::text[], $2::bool[]) WITH ORDINALITY AS w (word, doubtful, place)
        ), asked AS MATERIALIZED (
            SELECT array_agg(word ORDER BY place) AS words,
                   coalesce(array_agg(word ORDER BY place) FILTER (WHERE doubtful), '{}') AS doubtful,
                   (array_agg(word ORDER BY place DESC))[1] COLLATE "C" AS typed
            FROM folded
        )
        SELECT a.words AS "words!", r.word AS "word?", r.resembling AS "resembling?",
               ARRAY(
                   SELECT k.word
                   FROM search_words k
                   WHERE $3 AND length(a.typed) >= 2 AND k.word >= a.typed
                     AND k.word < a.typed || U&'\+10FFFF' AND k.known_from <= now()
                   GROUP BY k.word
                   ORDER BY min(k.id)
                   LIMIT 16
               ) AS "completions!"
        FROM asked a
        LEFT JOIN LATERAL resembling_words(a.doubtful, $3) r ON true
        "#,
        &words,
        &may_be_misspelt,
        unfinished,
    )
    .fetch_all(connection)
    .await?;
    let mut spelling = Spelling::default();
    for row in rows {
        (spelling.folded, spelling.completions) = (row.words, row.completions);
        let found = row.word.zip(row.resembling);
        let found = found.map(|(word, known)| Resembling { word, known });
        spelling.resembling.extend(found);
    }
    Ok(spelling)
}

/// The words of a text, and which of them may be misspelt.
fn asked(pieces: &[Piece]) -> (Vec<String>, Vec<bool>) {
    let word = |piece: &Piece| match piece {
        Piece::Word(word) | Piece::Unfinished(word) => Some((word.clone(), true)),
        Piece::Literal(word) => Some((word.clone(), false)),
        Piece::Quote | Piece::Without | Piece::Or => None,
    };
    pieces.iter().filter_map(word).unzip()
}
