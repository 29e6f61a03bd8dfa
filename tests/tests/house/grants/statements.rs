//! Which SQL is linked into which function.
//!
//! The linker keeps of a crate what a binary reaches, texts of statements included: a statement that
//! is found in a binary is one that the function can run. Statements of `query!` are known whole, by
//! `.sqlx/`. What is put together at run time (`QueryBuilder`) shows as pieces; of those the tables are
//! read off, and they may only read: what writes is a `query!`, so that it can be judged whole.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;

use object::{Object as _, ObjectSection as _};

use crate::built::binary;
use crate::root;

/// The statements of `query!`, each once.
pub(crate) fn prepared() -> Vec<String> {
    let files = fs::read_dir(root().join(".sqlx")).unwrap();
    let text = |entry: fs::DirEntry| {
        let described: serde_json::Value =
            serde_json::from_slice(&fs::read(entry.path()).unwrap()).unwrap();
        described["query"].as_str().unwrap().to_owned()
    };
    let texts: BTreeSet<String> = files.map(|entry| text(entry.unwrap())).collect();
    texts.into_iter().collect()
}

/// The SQL of one function.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Linked {
    /// Places in the list of [`prepared`] statements.
    pub(crate) prepared: BTreeSet<usize>,
    /// Tables that pieces of statements read from.
    pub(crate) read: BTreeSet<String>,
    /// Pieces of statements that write, which nobody can judge.
    pub(crate) writing: BTreeSet<String>,
    /// The database's functions that it calls, as `name()`.
    pub(crate) called: BTreeSet<String>,
}

/// Looks into a function's binary, where it keeps its texts, for tables and for the database's functions
/// (`name()`).
pub(crate) fn linked(function: &str, prepared: &[String], tables: &[String]) -> Linked {
    let bytes = fs::read(binary(function)).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let texts = file.section_by_name(".rodata").unwrap();
    look(texts.data().unwrap(), prepared, tables)
}

/// Looks into bytes of a binary.
pub(crate) fn look(bytes: &[u8], prepared: &[String], tables: &[String]) -> Linked {
    let mut linked = Linked::default();
    let mut known: Vec<Range<usize>> = Vec::new();
    for (index, text) in prepared.iter().enumerate() {
        let places: Vec<usize> = places(bytes, text.as_bytes()).collect();
        if !places.is_empty() {
            linked.prepared.insert(index);
        }
        known.extend(places.iter().map(|at| *at..at + text.len()));
    }
    known.sort_unstable_by_key(|range| range.start);
    for (word, writes) in [
        ("FROM ", false),
        ("JOIN ", false),
        ("INSERT INTO ", true),
        ("UPDATE ", true),
        ("DELETE FROM ", true),
        ("TRUNCATE ", true),
        ("MERGE INTO ", true),
    ] {
        for at in places(bytes, word.as_bytes()).filter(|at| !within(*at, &known)) {
            let Some(table) = table_at(&bytes[at + word.len()..], tables) else {
                continue;
            };
            if writes {
                linked.writing.insert(format!("{word}{table}"));
            } else {
                linked.read.insert(table.to_owned());
            }
        }
    }
    let functions = tables.iter().filter(|name| name.ends_with("()"));
    let called = functions.filter(|name| calls(bytes, name));
    linked.called = called.cloned().collect();
    linked
}

/// Whether a function of the database is called somewhere, in a statement or a piece of one.
fn calls(bytes: &[u8], function: &str) -> bool {
    let call = function.trim_end_matches(')');
    places(bytes, call.as_bytes()).any(|at| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        before.is_none_or(|before| !before.is_ascii_alphanumeric() && *before != b'_')
    })
}

/// Texts lie beside each other without an end of their own, so the longest name counts that fits.
fn table_at<'a>(bytes: &[u8], tables: &'a [String]) -> Option<&'a str> {
    let fitting = tables
        .iter()
        .filter(|table| bytes.starts_with(table.as_bytes()));
    fitting.max_by_key(|table| table.len()).map(String::as_str)
}

fn within(at: usize, known: &[Range<usize>]) -> bool {
    let before = known.partition_point(|range| range.start <= at);
    // A statement may be the beginning of another, so the last that begins before need not be the one.
    known[..before]
        .iter()
        .rev()
        .take(8)
        .any(|range| range.contains(&at))
}

fn places<'a>(bytes: &'a [u8], sought: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    memchr::memmem::find_iter(bytes, sought)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Vec<String> {
        ["orders", "order_lines", "outbox"]
            .map(str::to_owned)
            .to_vec()
    }

    #[test]
    fn statements_are_found_whole_and_pieces_by_their_tables() {
        let prepared = [
            "SELECT 1 FROM orders".to_owned(),
            "DELETE FROM outbox".to_owned(),
        ];
        let bytes =
            b"\0SELECT 1 FROM orders\x01other text LEFT JOIN order_linesANDmore FROM everywhere\0";
        let found = look(bytes, &prepared, &tables());
        assert_eq!(found.prepared, BTreeSet::from([0]));
        assert_eq!(found.read, BTreeSet::from(["order_lines".to_owned()]));
        assert!(found.writing.is_empty());
    }

    #[test]
    fn a_piece_that_writes_is_told() {
        let found = look(b"UPDATE orders SET total = ", &[], &tables());
        assert_eq!(found.writing, BTreeSet::from(["UPDATE orders".to_owned()]));
        let found = look(b"DELETE FROM outbox WHERE ", &[], &tables());
        assert!(found.writing.contains("DELETE FROM outbox"));
    }

    #[test]
    fn a_call_of_the_databases_own_function_is_found_by_its_whole_name() {
        let functions = ["folded()", "products_since()"].map(str::to_owned);
        let found = look(b"WHERE p.d @@ products_since(", &[], &functions);
        assert_eq!(
            found.called,
            BTreeSet::from(["products_since()".to_owned()])
        );
        assert!(look(b"unfolded(", &[], &functions).called.is_empty());
    }

    #[test]
    fn what_lies_in_a_known_statement_is_no_piece() {
        let prepared = [
            "SELECT 1 FROM orders".to_owned(),
            "SELECT 1 FROM orders JOIN outbox".to_owned(),
        ];
        let found = look(b"xSELECT 1 FROM orders JOIN outboxx", &prepared, &tables());
        assert_eq!(found.prepared.len(), 2);
        assert!(found.read.is_empty(), "{found:?}");
    }
}
