//! What a chunk's rows make of the products that they name: the rules, without the database.
//!
//! Rows are worked in their order, each on what the rows before it have made, so that it makes no
//! difference where a chunk ends. A row that is wrong does nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    Currency, Fault, Money, ProductId, ProductStatus, ShelfPrice, ShelfPriceError, Slug, VariantId,
};

use super::column::{Column, Header};
use super::row::{Cells, NamedOption, ProductHalf, RowError, VariantHalf};
use super::shelf::{Choice, Facts, Product, Shelf, Variant, VariantFacts};
use super::window::Record;
use crate::product::MOST_VARIANTS;

/// What became of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub rows: u64,
    /// Rows that made a variant, or a product without one.
    pub created: u64,
    /// Rows that changed a variant or its product.
    pub updated: u64,
    /// Rows that say what is so already.
    pub unchanged: u64,
    /// Rows that are wrong.
    pub failed: u64,
    /// What is wrong with them, in their order.
    pub errors: Vec<RowError>,
}

/// What one row has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Created,
    Updated,
    Unchanged,
}

/// What a chunk names, to be looked up before it is worked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) slugs: Vec<String>,
    pub(crate) skus: Vec<String>,
    pub(crate) categories: Vec<String>,
}

/// The rows of a chunk, read.
pub(crate) struct Rows<'a>(Vec<Result<Cells<'a>, RowError>>);

impl<'a> Rows<'a> {
    pub(crate) fn read(header: &'a Header, records: &'a [Record]) -> Self {
        Self(
            records
                .iter()
                .map(|record| Cells::read(header, record))
                .collect(),
        )
    }

    /// What they name. A name that breaks the rules names nothing.
    pub(crate) fn named(&self) -> Named {
        let mut named = Named::default();
        for cells in self.0.iter().flatten() {
            let words = cells.names();
            named.slugs.push(words.slug.to_owned());
            named
                .skus
                .extend(words.sku.map(|sku| sku.as_str().to_owned()));
            named.categories.extend(words.category.map(category_name));
        }
        for names in [&mut named.slugs, &mut named.skus, &mut named.categories] {
            names.sort_unstable();
            names.dedup();
        }
        named
    }

    /// Works the rows.
    pub(crate) fn apply(self, shelf: &mut Shelf, now: DateTime<Utc>) -> Tally {
        let mut tally = Tally::default();
        let mut open: Option<Open<'a>> = None;
        for row in self.0 {
            match row {
                Err(error) => tally.note(Err(vec![error])),
                Ok(cells) => {
                    let goes_on = open
                        .as_ref()
                        .is_some_and(|open| open.cells.slug() == cells.slug());
                    if goes_on && let Some(open) = &mut open {
                        tally.note(open.further(shelf, cells, now));
                        continue;
                    }
                    close(open.take(), shelf, &mut tally);
                    let (begun, done) = Open::begin(shelf, cells, now);
                    tally.note(done);
                    open = Some(begun);
                }
            }
        }
        close(open, shelf, &mut tally);
        tally.errors.sort_by_key(|error| error.line);
        tally
    }
}

/// A category's slug, or its path from the root between slashes, as paths are stored.
fn category_name(cell: &str) -> String {
    let cell = cell.trim();
    match cell.contains('/') {
        true => format!("/{}/", cell.trim_matches('/')),
        false => cell.to_owned(),
    }
}

impl Tally {
    fn note(&mut self, done: Result<Done, Vec<RowError>>) {
        self.rows += 1;
        match done {
            Ok(Done::Created) => self.created += 1,
            Ok(Done::Updated) => self.updated += 1,
            Ok(Done::Unchanged) => self.unchanged += 1,
            Err(errors) => {
                self.failed += 1;
                self.errors.extend(errors);
            }
        }
    }

    /// A row that had done something is wrong after all.
    fn take_back(&mut self, done: Option<Done>, error: RowError) {
        let count = match done {
            Some(Done::Created) => &mut self.created,
            Some(Done::Updated) => &mut self.updated,
            Some(Done::Unchanged) => &mut self.unchanged,
            // It is among those that are wrong already.
            None => return self.errors.push(error),
        };
        *count -= 1;
        self.failed += 1;
        self.errors.push(error);
    }
}

/// The product that rows are at.
struct Open<'a> {
    /// Its first row.
    cells: Cells<'a>,
    /// What that has done; none if it was wrong.
    done: Option<Done>,
    /// Whether there is a product that further rows can belong to.
    slug: Option<Slug>,
    /// The status before the first row, where that changed it.
    status: Option<ProductStatus>,
}

impl<'a> Open<'a> {
    fn begin(
        shelf: &mut Shelf,
        mut cells: Cells<'a>,
        now: DateTime<Utc>,
    ) -> (Self, Result<Done, Vec<RowError>>) {
        let slug: Result<Slug, _> = cells.slug().parse();
        let slug = slug.map_err(|fault| cells.fault(Column::Slug, &fault)).ok();
        let half = ProductHalf::read(&mut cells);
        let mut status = None;
        let mut product = None;
        let mut errors = cells.take_errors();
        if let Some(slug) = slug.as_ref().filter(|_| errors.is_empty()) {
            product = put_product(shelf, slug, &half, &mut cells, now, &mut status);
            errors.extend(cells.take_errors());
        }
        let there = slug.filter(|slug| shelf.products.contains_key(slug.as_str()));
        let variant = VariantHalf::read(&mut cells).filter(|_| errors.is_empty());
        let of_variant = there
            .as_ref()
            .and_then(|slug| put_variant(shelf, slug, variant.as_ref(), &mut cells, now));
        errors.extend(cells.take_errors());
        let done = if errors.is_empty() {
            Ok(together(product, of_variant))
        } else {
            Err(errors)
        };
        let open = Self {
            cells,
            done: done.as_ref().ok().copied(),
            slug: there,
            status,
        };
        (open, done)
    }

    fn further(
        &self,
        shelf: &mut Shelf,
        mut cells: Cells<'a>,
        now: DateTime<Utc>,
    ) -> Result<Done, Vec<RowError>> {
        let mut done = None;
        match &self.slug {
            None => cells.push(
                Column::Slug,
                "product_failed",
                format!(
                    "belongs to the product of line {}, which is wrong",
                    self.cells.line()
                ),
            ),
            Some(slug) => {
                ProductHalf::must_be_repeated(&self.cells, &mut cells);
                let variant = VariantHalf::read(&mut cells);
                if cells.is_right() {
                    done = put_variant(shelf, slug, variant.as_ref(), &mut cells, now);
                }
            }
        }
        let errors = cells.take_errors();
        if errors.is_empty() {
            Ok(done.unwrap_or(Done::Unchanged))
        } else {
            Err(errors)
        }
    }
}

/// What is published can be bought: a product for which no row has brought a variant keeps its status.
fn close(open: Option<Open<'_>>, shelf: &mut Shelf, tally: &mut Tally) {
    let Some(Open {
        mut cells,
        done,
        slug: Some(slug),
        status,
    }) = open
    else {
        return;
    };
    let Some(product) = shelf.products.get_mut(slug.as_str()) else {
        return;
    };
    // An option for which no row has brought a value is none.
    product
        .is
        .options
        .retain(|choice| !choice.values.is_empty());
    let Some(before) = status else {
        return;
    };
    if product.is.status == ProductStatus::Published && product.live_variants() == 0 {
        product.is.status = before;
        if let Some(was) = &product.was {
            product.is.published_at = was.published_at;
        }
        cells.push(
            Column::Status,
            "nothing_to_sell",
            "cannot be published without a variant",
        );
        for error in cells.take_errors() {
            tally.take_back(done, error);
        }
    }
}

fn together(product: Option<Done>, variant: Option<Done>) -> Done {
    match (product, variant) {
        (_, Some(Done::Created)) | (Some(Done::Created), None) => Done::Created,
        (Some(Done::Created | Done::Updated), Some(_))
        | (_, Some(Done::Updated))
        | (Some(Done::Updated), None) => Done::Updated,
        (Some(Done::Unchanged) | None, Some(Done::Unchanged) | None) => Done::Unchanged,
    }
}

/// Makes or changes a product by its first row; what is wrong is noted in the cells, and the product is
/// then as it was.
fn put_product(
    shelf: &mut Shelf,
    slug: &Slug,
    half: &ProductHalf,
    cells: &mut Cells<'_>,
    now: DateTime<Utc>,
    status: &mut Option<ProductStatus>,
) -> Option<Done> {
    let category = half.category.as_ref().map(|name| {
        let known = shelf.categories.get(&category_name(name)).copied();
        if known.is_none() {
            cells.push(
                Column::Category,
                "unknown_category",
                "is neither slug nor path of a category",
            );
        }
        known
    });
    let category = category.flatten();
    let Some(product) = shelf.products.get_mut(slug.as_str()) else {
        let product = new_product(slug, half, category, cells, now)?;
        *status = Some(ProductStatus::Draft);
        shelf.products.insert(slug.to_string(), product);
        return Some(Done::Created);
    };
    let mut is = product.is.clone();
    if let Some(name) = &half.name {
        name.as_str().clone_into(&mut is.name);
    }
    is.category = category.unwrap_or(is.category);
    let currency = half.currency.unwrap_or(is.currency);
    if currency != is.currency && !product.variants.is_empty() {
        cells.fault(Column::Currency, &ShelfPriceError::Currency(is.currency));
    }
    is.currency = currency;
    match is.status.become_(half.status.unwrap_or(is.status)) {
        Ok(to) => is.status = to,
        Err(fault) => cells.fault(Column::Status, &fault),
    }
    set_rest(&mut is, half, now);
    is.options = options(&is.options, &product.variants, &half.options, cells);
    if !cells.is_right() {
        return None;
    }
    *status = (is.status != product.is.status).then_some(product.is.status);
    let changed = is != product.is;
    product.is = is;
    Some(if changed {
        Done::Updated
    } else {
        Done::Unchanged
    })
}

fn new_product(
    slug: &Slug,
    half: &ProductHalf,
    category: Option<domain::CategoryId>,
    cells: &mut Cells<'_>,
    now: DateTime<Utc>,
) -> Option<Product> {
    if !half.says {
        cells.push(
            Column::Slug,
            "unknown_product",
            "is no product of the shop, and the row describes none",
        );
        return None;
    }
    if half.name.is_none() {
        cells.push(Column::Name, "required", "is required for a new product");
    }
    if half.category.is_none() {
        cells.push(
            Column::Category,
            "required",
            "is required for a new product",
        );
    }
    let mut is = Facts {
        name: half.name.as_ref()?.to_string(),
        description: String::new(),
        category: category?,
        status: half.status.unwrap_or(ProductStatus::Draft),
        published_at: None,
        show_quantity: false,
        currency: half.currency.unwrap_or(Currency::Ngn),
        options: Vec::new(),
    };
    set_rest(&mut is, half, now);
    is.options = options(&[], &[], &half.options, cells);
    cells.is_right().then(|| Product {
        id: ProductId::new(),
        slug: slug.to_string(),
        was: None,
        is,
        variants: Vec::new(),
    })
}

fn set_rest(is: &mut Facts, half: &ProductHalf, now: DateTime<Utc>) {
    if let Some(description) = &half.description {
        description.as_str().clone_into(&mut is.description);
    }
    is.show_quantity = half.show_quantity.unwrap_or(is.show_quantity);
    let at_once = (is.status == ProductStatus::Published).then_some(now);
    is.published_at = half.published_at.or(is.published_at).or(at_once);
}

/// The options of a product after its first row: with the values that the row lists, in its order, and
/// those that variants have. Which options there are is decided where there is no variant yet; later
/// that is a change of every variant, and no file's.
fn options(
    present: &[Choice],
    variants: &[Variant],
    named: &[NamedOption],
    cells: &mut Cells<'_>,
) -> Vec<Choice> {
    if named.is_empty() {
        return present.to_vec();
    }
    let names = |choices: &[Choice]| {
        choices
            .iter()
            .map(|choice| choice.name.clone())
            .collect::<Vec<_>>()
    };
    let present_names = names(present);
    if !variants.is_empty() && !named.iter().map(|option| &option.name).eq(&present_names) {
        let detail = match present.len() {
            0 => "names options of a product whose variants have none".to_owned(),
            _ => format!(
                "must name the product's options: {}",
                present_names.join(", ")
            ),
        };
        cells.push(Column::OptionName(0), "other_options", detail);
        return present.to_vec();
    }
    let choice = |option: &NamedOption| {
        let mut values = option.values.clone().unwrap_or_default();
        let known = present.iter().filter(|choice| choice.name == option.name);
        let live = variants
            .iter()
            .filter(|variant| variant.is.archived_at.is_none());
        let kept: Vec<&String> = match &option.values {
            Some(_) => live
                .filter_map(|variant| variant.is.options.get(&option.name))
                .collect(),
            None => known.flat_map(|choice| &choice.values).collect(),
        };
        for value in kept {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        Choice {
            name: option.name.clone(),
            values,
        }
    };
    let options: Vec<Choice> = named.iter().map(choice).collect();
    // An option gets its first value with its first variant.
    let begun: Vec<Choice> = options
        .iter()
        .filter(|choice| !choice.values.is_empty())
        .cloned()
        .collect();
    if let Err(fault) = Facts::checked_options(&begun)
        .map(drop)
        .and_then(|()| different(&options))
    {
        cells.fault(Column::OptionName(0), &fault);
    }
    options
}

/// Options without values have names too.
fn different(options: &[Choice]) -> Result<(), super::shelf::OptionsFault> {
    let mut named = options.to_vec();
    for choice in &mut named {
        choice.values = vec!["-".to_owned()];
    }
    Facts::checked_options(&named).map(drop)
}

/// Makes or changes a variant; what is wrong is noted in the cells, and nothing is done then.
fn put_variant(
    shelf: &mut Shelf,
    slug: &Slug,
    half: Option<&VariantHalf>,
    cells: &mut Cells<'_>,
    now: DateTime<Utc>,
) -> Option<Done> {
    let half = half?;
    let sku = half.sku.as_str();
    if let Some(owner) = shelf
        .owners
        .get(sku)
        .filter(|owner| *owner != slug.as_str())
    {
        cells.push(
            Column::Sku,
            "sku_taken",
            format!("belongs to the product {owner}"),
        );
        return None;
    }
    let product = shelf.products.get_mut(slug.as_str())?;
    let place = product
        .variants
        .iter()
        .position(|variant| variant.sku == sku);
    let present = place.and_then(|place| product.variants.get(place));
    let is = facts(product, present, half, cells, now);
    let mut options = product.is.options.clone();
    if is.archived_at.is_none() {
        add_values(&mut options, &is, cells);
    }
    judge_among_others(product, present, sku, &is, cells);
    if !cells.is_right() {
        return None;
    }
    product.is.options = options;
    match place.and_then(|place| product.variants.get_mut(place)) {
        Some(variant) if variant.is == is => Some(Done::Unchanged),
        Some(variant) => {
            variant.is = is;
            Some(Done::Updated)
        }
        None => {
            let last = product
                .variants
                .iter()
                .map(|variant| variant.position)
                .max();
            product.variants.push(Variant {
                id: VariantId::new(),
                sku: sku.to_owned(),
                position: last.map_or(0, |last| last.saturating_add(1)),
                was: None,
                is,
            });
            shelf.owners.insert(sku.to_owned(), slug.to_string());
            Some(Done::Created)
        }
    }
}

/// The variant as it is to be.
fn facts(
    product: &Product,
    present: Option<&Variant>,
    half: &VariantHalf,
    cells: &mut Cells<'_>,
    now: DateTime<Utc>,
) -> VariantFacts {
    let present = present.map(|variant| &variant.is);
    let price = half.price.or(present.map(|is| is.price));
    if price.is_none() && cells.is_right() {
        cells.push(Column::Price, "required", "is required for a new variant");
    }
    let compare_at_price = half
        .compare_at_price
        .apply(present.and_then(|is| is.compare_at_price));
    if let (Some(price), true) = (price, cells.is_right()) {
        check_price(price, compare_at_price, product.is.currency, cells);
    }
    let was_archived = present.and_then(|is| is.archived_at);
    let archived_at = match half.archived {
        None => was_archived,
        Some(false) => None,
        Some(true) => was_archived.or(Some(now)),
    };
    let options = combination(&product.is.options, present, half, cells);
    if archived_at.is_none() {
        must_be_whole(&product.is.options, &options, cells);
    }
    VariantFacts {
        options,
        price: price.unwrap_or_default(),
        compare_at_price,
        weight_grams: half
            .weight_grams
            .or(present.map(|is| is.weight_grams))
            .unwrap_or_default(),
        archived_at,
    }
}

fn must_be_whole(options: &[Choice], values: &BTreeMap<String, String>, cells: &mut Cells<'_>) {
    for (place, choice) in options.iter().enumerate() {
        if !values.contains_key(&choice.name) {
            let detail = format!("is required: the product's variants have a {}", choice.name);
            cells.push(Column::OptionValue(place), "required", detail);
        }
    }
}

fn check_price(price: i64, before: Option<i64>, currency: Currency, cells: &mut Cells<'_>) {
    let money = |amount| Money::new(amount, currency).map_err(|_| ShelfPriceError::NotPositive);
    let before = before.map(money).transpose();
    let checked = money(price).and_then(|price| ShelfPrice::new(price, before?));
    if let Err(fault) = checked {
        let column = match fault {
            ShelfPriceError::NotReduced => Column::CompareAtPrice,
            ShelfPriceError::NotPositive
            | ShelfPriceError::TooHigh
            | ShelfPriceError::Currency(_) => Column::Price,
        };
        cells.fault(column, &fault);
    }
}

/// A value for each of the product's options. Where the file has no columns for them, those it has.
fn combination(
    options: &[Choice],
    present: Option<&VariantFacts>,
    half: &VariantHalf,
    cells: &mut Cells<'_>,
) -> BTreeMap<String, String> {
    let values = match (&half.values, present) {
        (None, Some(is)) => return is.options.clone(),
        (None, None) => &[][..],
        (Some(values), _) => values.as_slice(),
    };
    if values.len() > options.len() {
        let detail = format!(
            "is a value of an option that the product does not have; it has {}",
            options.len()
        );
        cells.push(Column::OptionValue(options.len()), "unknown_option", detail);
    }
    let pairs = options
        .iter()
        .zip(values)
        .filter(|(_, value)| !value.is_empty());
    pairs
        .map(|(choice, value)| (choice.name.clone(), value.clone()))
        .collect()
}

/// Adds the values that a variant has to its product's options.
fn add_values(options: &mut [Choice], variant: &VariantFacts, cells: &mut Cells<'_>) {
    for (place, choice) in options.iter_mut().enumerate() {
        let value = variant
            .options
            .get(&choice.name)
            .filter(|value| !value.is_empty());
        let Some(value) = value.filter(|value| !choice.values.contains(value)) else {
            continue;
        };
        choice.values.push(value.clone());
        if let Err(fault) = Facts::checked_options(std::slice::from_ref(choice)) {
            cells.push(Column::OptionValue(place), fault.code(), fault.to_string());
        }
    }
}

/// What is archived stands in nobody's way. What is sold is sold once, and there is something to sell of
/// what is published.
fn judge_among_others(
    product: &Product,
    present: Option<&Variant>,
    sku: &str,
    is: &VariantFacts,
    cells: &mut Cells<'_>,
) {
    let live = |variant: &&Variant| variant.is.archived_at.is_none();
    let was_live = present.as_ref().is_some_and(live);
    if is.archived_at.is_some() {
        let last = was_live && product.live_variants() == 1;
        if last && product.is.status == ProductStatus::Published {
            cells.push(
                Column::VariantStatus,
                "nothing_to_sell",
                "is the last variant of a published product",
            );
        }
        return;
    }
    let mut others = product
        .variants
        .iter()
        .filter(live)
        .filter(|variant| variant.sku != sku);
    if let Some(other) = others.find(|variant| variant.is.options == is.options) {
        let detail = format!("has the options of the variant {}", other.sku);
        cells.push(Column::Sku, "combination_taken", detail);
    }
    if !was_live && product.live_variants() >= MOST_VARIANTS {
        let detail =
            format!("is one more than the {MOST_VARIANTS} variants that a product has at most");
        cells.push(Column::Sku, "too_many_variants", detail);
    }
}

#[cfg(test)]
mod tests;
