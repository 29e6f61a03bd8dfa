//! What a query asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use catalog::{
    Cursor, FilterError, Filters, OptionName, OptionValue, PAGE_SIZES, ProductQuery, SearchText,
    Sort,
};
use domain::{Fault, Slug};
use edge::{FieldError, Problem, Query};

/// NGN 10,000,000,000.00: no price is higher.
const HIGHEST_PRICE: i64 = 1_000_000_000_000;
/// How many values of options a list may be narrowed to: more than a shopper ticks.
const MOST_OPTIONS: usize = 50;
/// How many products a page has where nothing is said.
const PAGE_SIZE: i64 = 20;

/// Reads the parameters of a list of products. An empty parameter counts as absent, as a form sends
/// it.
///
/// # Errors
/// 422 with every parameter at fault; a cursor is compared with the list once that is known.
pub fn page_of_products(mut query: Query) -> Result<ProductQuery, Problem> {
    let filters = filters(&mut query);
    let sort = query.parsed("sort", Sort::from_str);
    let limit = query.number("limit", *PAGE_SIZES.start(), *PAGE_SIZES.end());
    let after = query.parsed("cursor", Cursor::from_str);
    query.finish()?;
    ProductQuery::new(filters, sort, limit.unwrap_or(PAGE_SIZE), after).map_err(|fault| {
        let (pointer, code) = ("?cursor".to_owned(), fault.code().into());
        Problem::invalid(vec![FieldError {
            pointer,
            code,
            detail: fault.to_string(),
        }])
    })
}

fn filters(query: &mut Query) -> Filters {
    let min_price = query.number("min_price", 0, HIGHEST_PRICE);
    let max_price = query.number("max_price", 0, HIGHEST_PRICE);
    if min_price
        .zip(max_price)
        .is_some_and(|(least, most)| least > most)
    {
        query.push(
            "max_price",
            "below_min_price",
            "must not be below min_price",
        );
    }
    Filters {
        text: query.parsed("q", SearchText::parse).flatten(),
        category: query.parsed("category", Slug::from_str),
        min_price,
        max_price,
        in_stock: query.flag("in_stock").unwrap_or(false),
        options: options(query),
    }
}

/// An option may be given more than once: any of its values will do.
fn options(query: &mut Query) -> BTreeMap<OptionName, BTreeSet<OptionValue>> {
    let mut options: BTreeMap<OptionName, BTreeSet<OptionValue>> = BTreeMap::new();
    for (name, value) in query.prefixed("option.") {
        if value.is_empty() {
            continue;
        }
        match option(&name, &value) {
            Ok((name, value)) => {
                options.entry(name).or_default().insert(value);
            }
            Err(fault) => query.push(&format!("option.{name}"), fault.code(), &fault.to_string()),
        }
    }
    if options.values().map(BTreeSet::len).sum::<usize>() > MOST_OPTIONS {
        let detail = format!("must be at most {MOST_OPTIONS} values together");
        query.push("option.", "too_many_options", &detail);
    }
    options
}

fn option(name: &str, value: &str) -> Result<(OptionName, OptionValue), FilterError> {
    Ok((OptionName::parse(name)?, OptionValue::parse(value)?))
}
