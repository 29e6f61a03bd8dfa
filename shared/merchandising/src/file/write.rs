//! Rows of a file, written.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use csv::{Terminator, Writer, WriterBuilder};
use domain::ProductId;

use super::cell::{decimal, guarded, list};
use super::column::{COLUMNS, Column};
use super::shelf::Choice;

/// A product as an export has it.
#[derive(Debug, Clone)]
pub(super) struct WrittenProduct {
    pub(super) id: ProductId,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) category: String,
    pub(super) status: String,
    pub(super) published_at: Option<DateTime<Utc>>,
    pub(super) show_quantity: bool,
    pub(super) currency: String,
    pub(super) options: Vec<Choice>,
    pub(super) variants: Vec<WrittenVariant>,
}

/// A variant as an export has it.
#[derive(Debug, Clone, serde::Deserialize)]
pub(super) struct WrittenVariant {
    pub(super) sku: String,
    pub(super) options: BTreeMap<String, String>,
    pub(super) price: i64,
    pub(super) compare_at_price: Option<i64>,
    pub(super) weight_grams: i32,
    pub(super) archived: bool,
}

/// A growing file: UTF-8 with the mark by which spreadsheets know it, commas, CRLF (RFC 4180).
pub(super) struct Sheet {
    writer: Writer<Vec<u8>>,
    /// Of what is not counted in `len` yet.
    written: usize,
}

impl Sheet {
    /// The mark and the first line.
    pub(super) fn beginning() -> Vec<u8> {
        let mut sheet = Self::new(b"\xEF\xBB\xBF".to_vec());
        sheet.put(COLUMNS.map(|(name, _)| name.to_owned()).to_vec());
        sheet.bytes()
    }

    /// Goes on behind these bytes.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let written = bytes.len();
        let mut builder = WriterBuilder::new();
        builder.terminator(Terminator::CRLF).has_headers(false);
        Self {
            writer: builder.from_writer(bytes),
            written,
        }
    }

    /// About so many bytes are written.
    pub(super) const fn len(&self) -> usize {
        self.written
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        // Writing into memory cannot fail.
        self.writer.into_inner().unwrap_or_default()
    }

    /// Writes a product; answers how many rows that took. What is about the product stands in the first.
    pub(super) fn write(&mut self, product: &WrittenProduct) -> u64 {
        if product.variants.is_empty() {
            self.put(cells(product, true, None));
            return 1;
        }
        for (place, variant) in product.variants.iter().enumerate() {
            self.put(cells(product, place == 0, Some(variant)));
        }
        u64::try_from(product.variants.len()).unwrap_or(u64::MAX)
    }

    fn put(&mut self, cells: Vec<String>) {
        self.written += cells.iter().map(|cell| cell.len() + 1).sum::<usize>() + 1;
        let guarded = cells.iter().map(|cell| guarded(cell));
        let written = self
            .writer
            .write_record(guarded.map(|cell| cell.into_owned().into_bytes()));
        if let Err(error) = written {
            unreachable!(
                "a row of {} columns cannot be written into memory: {error}",
                COLUMNS.len()
            )
        }
    }
}

fn cells(product: &WrittenProduct, first: bool, variant: Option<&WrittenVariant>) -> Vec<String> {
    let cell = |(_, column): (&str, Column)| match variant {
        _ if column == Column::Slug => product.slug.clone(),
        _ if column.is_of_product() && first => of_product(product, column),
        Some(variant) if !column.is_of_product() => of_variant(product, variant, column),
        Some(_) | None => String::new(),
    };
    COLUMNS.map(cell).to_vec()
}

fn of_product(product: &WrittenProduct, column: Column) -> String {
    let option = |place: usize| product.options.get(place);
    match column {
        Column::Slug => product.slug.clone(),
        Column::Name => product.name.clone(),
        Column::Description => product.description.clone(),
        Column::Category => product.category.clone(),
        Column::Status => product.status.clone(),
        Column::PublishedAt => product.published_at.map(time).unwrap_or_default(),
        Column::ShowQuantity => product.show_quantity.to_string(),
        Column::Currency => product.currency.clone(),
        Column::OptionName(place) => option(place)
            .map(|choice| choice.name.clone())
            .unwrap_or_default(),
        Column::OptionValues(place) => option(place)
            .map(|choice| list(&choice.values))
            .unwrap_or_default(),
        Column::OptionValue(_)
        | Column::Sku
        | Column::Price
        | Column::CompareAtPrice
        | Column::WeightGrams
        | Column::VariantStatus => String::new(),
    }
}

fn of_variant(product: &WrittenProduct, variant: &WrittenVariant, column: Column) -> String {
    let value = |place: usize| variant.options.get(&product.options.get(place)?.name);
    match column {
        Column::OptionValue(place) => value(place).cloned().unwrap_or_default(),
        Column::Sku => variant.sku.clone(),
        Column::Price => decimal(variant.price),
        Column::CompareAtPrice => variant.compare_at_price.map(decimal).unwrap_or_default(),
        Column::WeightGrams => variant.weight_grams.to_string(),
        Column::VariantStatus => if variant.archived {
            "archived"
        } else {
            "active"
        }
        .to_owned(),
        Column::Slug
        | Column::Name
        | Column::Description
        | Column::Category
        | Column::Status
        | Column::PublishedAt
        | Column::ShowQuantity
        | Column::Currency
        | Column::OptionName(_)
        | Column::OptionValues(_) => String::new(),
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
