//! The SQL that narrows products down to those of a list. Filters vary, so statements are put together,
//! of fixed pieces and bound values only.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Postgres, QueryBuilder};

use crate::search::Words;
use crate::{Filters, OptionName, OptionValue, Scope};

/// What is seen by customers. The first two conditions are those of the partial indexes.
pub(crate) const ON_SALE: &str =
    "p.status = 'published' AND p.lowest_price IS NOT NULL AND p.published_at <= now()";

/// A piece of `v` is on a shelf and promised to nobody.
pub(crate) const ON_A_SHELF: &str = "FROM stock_levels s JOIN locations l ON l.id = s.location_id AND l.active \
     WHERE s.variant_id = v.id AND s.on_hand > s.reserved";

/// Beyond this many categories a list is read from the order of all products: among so many of them
/// there is one of the list in every few.
pub(crate) const FEW_CATEGORIES: usize = 24;

/// The most categories that are looked up in the documents.
const NAMED_CATEGORIES: usize = 64;

/// What a list has, whatever its order; its categories apart.
pub(crate) fn push_matching(sql: &mut QueryBuilder<Postgres>, filters: &Filters, scope: &Scope) {
    sql.push(ON_SALE);
    push_words(sql, scope);
    push_priced(sql, filters);
    push_having(sql, filters);
    if filters.in_stock || !filters.options.is_empty() {
        push_variant(sql, filters);
    }
}

/// Between the prices.
pub(crate) fn push_priced(sql: &mut QueryBuilder<Postgres>, filters: &Filters) {
    if filters.min_price.is_some() || filters.max_price.is_some() {
        sql.push(" AND p.currency = 'NGN'");
    }
    if let Some(least) = filters.min_price {
        sql.push(" AND p.lowest_price >= ").push_bind(least);
    }
    if let Some(most) = filters.max_price {
        sql.push(" AND p.lowest_price <= ").push_bind(most);
    }
}

/// What the documents name (migrations/0040): words, options, categories.
pub(crate) fn push_named(sql: &mut QueryBuilder<Postgres>, filters: &Filters, scope: &Scope) {
    push_words(sql, scope);
    push_having(sql, filters);
    push_within(sql, scope);
}

/// The products of the categories, together. Where words are looked for too, the index of the documents
/// answers both.
pub(crate) fn push_categories(sql: &mut QueryBuilder<Postgres>, scope: &Scope) {
    let Some(categories) = &scope.categories else {
        return;
    };
    sql.push(" AND p.category_id = ANY(")
        .push_bind(categories.clone())
        .push(")");
    if scope.words.is_some() {
        push_within(sql, scope);
    }
}

fn push_within(sql: &mut QueryBuilder<Postgres>, scope: &Scope) {
    let Some(categories) = &scope.categories else {
        return;
    };
    if (1..=NAMED_CATEGORIES).contains(&categories.len()) {
        let named = categories.iter().map(|category| format!("'#{category}'"));
        sql.push(" AND p.search_document @@ ")
            .push_bind(named.collect::<Vec<_>>().join(" | "))
            .push("::tsquery");
    }
}

/// The products that have the words of the search.
pub(crate) fn push_words(sql: &mut QueryBuilder<Postgres>, scope: &Scope) {
    if let Some(words) = &scope.words {
        sql.push(" AND p.search_document @@ ");
        push_sought(sql, words);
    }
}

/// The products that are not older than the window of a search.
pub(crate) fn push_since(sql: &mut QueryBuilder<Postgres>, since: Option<i64>) {
    if let Some(serial) = since {
        sql.push(" AND p.search_document @@ products_since(")
            .push_bind(serial)
            .push(")");
    }
}

/// The products that have variants with such options. Postgres knows how many there are: that decides
/// whether they are met on the way through an order, or looked up.
fn push_having(sql: &mut QueryBuilder<Postgres>, filters: &Filters) {
    if !filters.options.is_empty() {
        sql.push(" AND p.search_document @@ ")
            .push_bind(having(&filters.options))
            .push("::tsquery");
    }
}

/// One variant has one of the values of each option, and it is the one that is in stock.
fn push_variant(sql: &mut QueryBuilder<Postgres>, filters: &Filters) {
    sql.push(
        " AND EXISTS (SELECT FROM variants v WHERE v.product_id = p.id AND v.archived_at IS NULL",
    );
    for (name, values) in &filters.options {
        sql.push(" AND v.options ->> ")
            .push_bind(name.as_str().to_owned())
            .push(" = ANY(")
            .push_bind(texts(values))
            .push(")");
    }
    if filters.in_stock {
        sql.push(" AND EXISTS (SELECT ").push(ON_A_SHELF).push(")");
    }
    sql.push(")");
}

fn texts(values: &BTreeSet<OptionValue>) -> Vec<String> {
    let texts = values.iter().map(|value| value.as_str().to_owned());
    texts.collect()
}

/// The options as their documents have them (migrations/0040), as a `tsquery`.
fn having(options: &BTreeMap<OptionName, BTreeSet<OptionValue>>) -> String {
    let one_of = |(name, values): (&OptionName, &BTreeSet<OptionValue>)| {
        let each = values.iter().map(|value| {
            let lexeme = format!("={}={}", name.as_str(), value.as_str());
            format!("'{}'", lexeme.replace('\\', r"\\").replace('\'', "''"))
        });
        format!("({})", each.collect::<Vec<_>>().join(" | "))
    };
    options.iter().map(one_of).collect::<Vec<_>>().join(" & ")
}

/// Whole words by their stems; the last one by its stem or by what it may become. A last word that means
/// nothing by itself ("sandals for") is not looked for, unless it is all there is.
pub(crate) fn push_sought(sql: &mut QueryBuilder<Postgres>, words: &Words) {
    sql.push("(websearch_to_tsquery('english', ")
        .push_bind(words.whole.clone())
        .push(")");
    if let Some(last) = &words.unfinished {
        sql.push(" && CASE WHEN numnode(plainto_tsquery('english', ")
            .push_bind(last.clone());
        sql.push(")) = 0 AND numnode(websearch_to_tsquery('english', ");
        sql.push_bind(words.whole.clone());
        sql.push(")) > 0 THEN ''::tsquery ELSE plainto_tsquery('english', ");
        sql.push_bind(last.clone()).push(")");
        for completion in &words.completions {
            sql.push(" || plainto_tsquery('english', ")
                .push_bind(completion.clone())
                .push(")");
        }
        if words.is_beginning {
            sql.push(" || to_tsquery('simple', ")
                .push_bind(format!("'{last}':*"))
                .push(")");
        }
        sql.push(" END");
    }
    sql.push(")");
}
