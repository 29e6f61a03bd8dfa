//! What a list's filters mean in this catalogue, at this moment.

use database::{DatabaseError, PgConnection};
use uuid::Uuid;

use crate::cursor::Meaning;
use crate::search::{self, Words};
use crate::{ProductQuery, SearchText, Sort, store_categories, window};

/// What a list is narrowed to, looked up: which categories are meant, and which words. A list and its
/// facets are read with the same, so that they agree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    pub(crate) categories: Option<Vec<Uuid>>,
    pub(crate) words: Option<Words>,
    pub(crate) meaning: Meaning,
}

impl Scope {
    /// What is searched for in place of what was asked for, where words of it are unknown and resemble
    /// known ones.
    #[must_use]
    pub fn corrected(&self) -> Option<&str> {
        self.meaning.corrected.as_deref()
    }
}

/// Looks up what a list is narrowed to. A statement for a category, and two for a search; a page that
/// follows another means by the search what the first one did.
///
/// # Errors
/// [`DatabaseError`].
pub async fn scope(
    connection: &mut PgConnection,
    query: &ProductQuery,
) -> Result<Scope, DatabaseError> {
    let filters = query.filters();
    let categories =
        store_categories::with_descendants(connection, filters.category.as_ref()).await?;
    let scope = Scope {
        categories,
        ..Scope::default()
    };
    match (&filters.text, &query.cursor) {
        (None, _) => Ok(scope),
        (Some(text), None) => begun(connection, query, text, scope).await,
        (Some(text), Some(cursor)) => followed(connection, text, &cursor.meaning, scope).await,
    }
}

async fn begun(
    connection: &mut PgConnection,
    query: &ProductQuery,
    text: &SearchText,
    mut scope: Scope,
) -> Result<Scope, DatabaseError> {
    let (words, corrected) = search::understood(connection, text).await?;
    scope.words = Some(words);
    scope.meaning.corrected = corrected;
    if query.sort == Sort::Relevance {
        scope.meaning.since =
            window::since(connection, &query.filters, &scope, query.reach).await?;
    }
    Ok(scope)
}

async fn followed(
    connection: &mut PgConnection,
    text: &SearchText,
    meaning: &Meaning,
    mut scope: Scope,
) -> Result<Scope, DatabaseError> {
    let corrected = meaning.corrected.as_deref().map(SearchText::parse);
    let text = match &corrected {
        Some(Ok(Some(corrected))) => corrected,
        Some(_) | None => text,
    };
    scope.words = Some(search::as_it_stands(connection, text).await?);
    scope.meaning = meaning.clone();
    Ok(scope)
}
