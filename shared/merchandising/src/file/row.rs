//! What one row says, checked as far as it can be without the shop.
//!
//! A row has two halves: what it says about the product, and the variant. They are judged apart, so that
//! a wrong price does not keep the product out that the rows below it need.

use chrono::{DateTime, Utc};
use csv::ByteRecord;
use domain::{
    Change, Currency, Description, Fault, OptionName, OptionValue, ProductName, ProductStatus,
    PublicationTime, ShelfPrice, Sku,
};

use super::cell::{amount, listed, plain};
use super::column::{Column, Header, MOST_OPTIONS};
use super::window::Record;

/// What is wrong with a row; told to whoever sent the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The line on which the row begins, the first of the file being 1.
    pub line: u64,
    /// The column, where it is about one.
    pub column: Option<Column>,
    /// A stable word.
    pub code: &'static str,
    /// A sentence without its subject: "must be above zero".
    pub detail: String,
}

/// What a row says about its product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProductHalf {
    /// Whether it says anything; where not, the product stays as it is.
    pub(crate) says: bool,
    pub(crate) name: Option<ProductName>,
    pub(crate) description: Option<Description>,
    pub(crate) category: Option<String>,
    pub(crate) status: Option<ProductStatus>,
    pub(crate) published_at: Option<DateTime<Utc>>,
    pub(crate) show_quantity: Option<bool>,
    pub(crate) currency: Option<Currency>,
    /// The names of its options; none where the row names none.
    pub(crate) options: Vec<NamedOption>,
}

/// An option as a row names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedOption {
    pub(crate) name: String,
    /// All its values, where the row lists them.
    pub(crate) values: Option<Vec<String>>,
}

/// What a row says about a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariantHalf {
    pub(crate) sku: Sku,
    /// Its values in the order of the options; none where the file has no such columns.
    pub(crate) values: Option<Vec<String>>,
    pub(crate) price: Option<i64>,
    pub(crate) compare_at_price: Change<i64>,
    pub(crate) weight_grams: Option<i32>,
    pub(crate) archived: Option<bool>,
}

/// What a row names that has to be looked up.
pub(crate) struct Names<'a> {
    pub(crate) slug: &'a str,
    pub(crate) sku: Option<Sku>,
    pub(crate) category: Option<&'a str>,
}

/// A row's cells by column, and what is found wrong with them.
pub(crate) struct Cells<'a> {
    header: &'a Header,
    texts: Vec<&'a str>,
    line: u64,
    errors: Vec<RowError>,
}

impl<'a> Cells<'a> {
    /// The cells, if they are text and as many as there are columns.
    pub(crate) fn read(header: &'a Header, record: &'a Record) -> Result<Self, RowError> {
        let refuse = |code, detail: &str| RowError {
            line: record.line,
            column: None,
            code,
            detail: detail.to_owned(),
        };
        let texts: Option<Vec<&str>> = texts(&record.cells);
        let not_utf8 = || refuse("not_utf8", "is not UTF-8; save the file as \"CSV UTF-8\"");
        let mut texts = texts.ok_or_else(not_utf8)?;
        let columns = header.columns().len();
        // Spreadsheets write empty cells behind the last column.
        while texts.len() > columns && texts.last().is_some_and(|text| text.trim().is_empty()) {
            texts.pop();
        }
        if texts.len() != columns {
            let detail = format!(
                "has {} cells where the first line has {columns}",
                texts.len()
            );
            return Err(refuse("wrong_number_of_cells", &detail));
        }
        if texts.iter().any(|text| text.contains('\0')) {
            return Err(refuse("invalid_character", "has the character U+0000"));
        }
        Ok(Self {
            header,
            texts,
            line: record.line,
            errors: Vec::new(),
        })
    }

    pub(crate) const fn line(&self) -> u64 {
        self.line
    }

    /// The slug's cell.
    pub(crate) fn slug(&self) -> &'a str {
        self.text(Column::Slug).unwrap_or_default()
    }

    /// The text of a column; none where the file does not have it.
    fn text(&self, column: Column) -> Option<&'a str> {
        let raw = self.raw(column)?;
        let exact = column == Column::Description;
        Some(plain(if exact { raw } else { raw.trim() }))
    }

    fn raw(&self, column: Column) -> Option<&'a str> {
        let place = self.header.place(column)?;
        self.texts.get(place).copied()
    }

    /// The text of a column that says something.
    fn said(&self, column: Column) -> Option<&'a str> {
        self.text(column).filter(|text| !text.trim().is_empty())
    }

    /// Notes a fault.
    pub(crate) fn push(&mut self, column: Column, code: &'static str, detail: impl Into<String>) {
        self.errors.push(RowError {
            line: self.line,
            column: Some(column),
            code,
            detail: detail.into(),
        });
    }

    /// Notes a fault of the shop's rules.
    pub(crate) fn fault(&mut self, column: Column, fault: &dyn Fault) {
        self.push(column, fault.code(), fault.to_string());
    }

    /// Whether nothing is noted.
    pub(crate) const fn is_right(&self) -> bool {
        self.errors.is_empty()
    }

    /// What the row names.
    pub(crate) fn names(&self) -> Names<'a> {
        Names {
            slug: self.slug(),
            sku: self.said(Column::Sku).and_then(|text| text.parse().ok()),
            category: self.said(Column::Category),
        }
    }

    /// Takes what was noted.
    pub(crate) fn take_errors(&mut self) -> Vec<RowError> {
        std::mem::take(&mut self.errors)
    }

    fn checked<T, E: Fault>(
        &mut self,
        column: Column,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.said(column)?;
        check(text).map_err(|fault| self.fault(column, &fault)).ok()
    }

    fn amount(&mut self, column: Column) -> Option<i64> {
        let text = self.said(column)?;
        match amount(text, self.header.separator == b';') {
            Ok(minor) => {
                let price = ShelfPrice::amount(minor);
                price.map_err(|fault| self.fault(column, &fault)).ok()
            }
            Err(error) => {
                self.push(column, error.code(), error.to_string());
                None
            }
        }
    }

    /// One of these words, in whatever case.
    fn word<T: Copy>(&mut self, column: Column, words: &[(&str, T)]) -> Option<T> {
        let text = self.said(column)?;
        let known = words
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(text));
        if known.is_none() {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.push(
                column,
                "unknown_word",
                format!("must be one of {}", all.join(", ")),
            );
        }
        known.map(|(_, value)| *value)
    }
}

fn texts(cells: &ByteRecord) -> Option<Vec<&str>> {
    cells
        .iter()
        .map(|cell| std::str::from_utf8(cell).ok())
        .collect()
}

impl ProductHalf {
    /// Reads the first row of a product.
    pub(crate) fn read(cells: &mut Cells<'_>) -> Self {
        let columns = cells.header.columns().iter();
        let own = columns.filter(|column| column.is_of_product() && **column != Column::Slug);
        if !own.clone().any(|column| cells.said(*column).is_some()) {
            return Self::default();
        }
        let statuses: Vec<(&str, ProductStatus)> = ProductStatus::ALL
            .iter()
            .map(|status| (status.as_str(), *status))
            .collect();
        let currencies: Vec<(&str, Currency)> = Currency::ALL
            .iter()
            .map(|currency| (currency.as_str(), *currency))
            .collect();
        Self {
            says: true,
            name: cells.checked(Column::Name, ProductName::parse),
            description: description(cells),
            category: cells.said(Column::Category).map(str::to_owned),
            status: cells.word(Column::Status, &statuses),
            published_at: published_at(cells),
            show_quantity: cells.word(Column::ShowQuantity, &[("true", true), ("false", false)]),
            currency: cells.word(Column::Currency, &currencies),
            options: options(cells),
        }
    }

    /// Compares a further row of the product with its first: what it says about the product must be
    /// the same, or nothing.
    pub(crate) fn must_be_repeated(first: &Cells<'_>, cells: &mut Cells<'_>) {
        let columns = cells.header.columns().iter().copied();
        let differs = |column: &Column| {
            let says = cells.said(*column);
            column.is_of_product() && says.is_some_and(|text| Some(text) != first.text(*column))
        };
        let differing: Vec<Column> = columns.filter(differs).collect();
        for column in differing {
            let detail = format!("is not what line {} says of the same product", first.line);
            cells.push(column, "differs_from_first_row", detail);
        }
    }
}

/// An empty cell empties the description; a file without the column leaves it.
fn description(cells: &mut Cells<'_>) -> Option<Description> {
    let text = cells.text(Column::Description)?;
    let checked = Description::parse(text);
    checked
        .map_err(|fault| cells.fault(Column::Description, &fault))
        .ok()
}

fn published_at(cells: &mut Cells<'_>) -> Option<DateTime<Utc>> {
    let text = cells.said(Column::PublishedAt)?;
    let Ok(at) = DateTime::parse_from_rfc3339(text) else {
        let detail = "must be a time such as 2026-01-31T08:00:00Z";
        cells.push(Column::PublishedAt, "invalid_published_at", detail);
        return None;
    };
    let at = PublicationTime::parse(at.to_utc());
    at.map(PublicationTime::at)
        .map_err(|fault| cells.fault(Column::PublishedAt, &fault))
        .ok()
}

fn options(cells: &mut Cells<'_>) -> Vec<NamedOption> {
    let mut options = Vec::new();
    for place in 0..MOST_OPTIONS {
        let name = cells.checked(Column::OptionName(place), OptionName::parse);
        let values = cells.said(Column::OptionValues(place)).map(listed);
        match name {
            Some(name) if options.len() == place => options.push(NamedOption {
                name: name.to_string(),
                values: values.map(|values| tidied(cells, place, &values)),
            }),
            Some(_) => {
                cells.push(
                    Column::OptionName(place),
                    "option_gap",
                    "names an option behind one that has no name",
                );
            }
            None if values.is_some() => {
                cells.push(
                    Column::OptionValues(place),
                    "option_without_name",
                    "lists values of an option that has no name",
                );
            }
            None => {}
        }
    }
    options
}

fn tidied(cells: &mut Cells<'_>, place: usize, values: &[String]) -> Vec<String> {
    let mut tidy = Vec::new();
    for value in values {
        match OptionValue::parse(value) {
            Ok(value) => tidy.push(value.to_string()),
            Err(fault) => cells.fault(Column::OptionValues(place), &fault),
        }
    }
    tidy
}

impl VariantHalf {
    /// Reads a row's variant; none where the row names none, or something about it is wrong.
    pub(crate) fn read(cells: &mut Cells<'_>) -> Option<Self> {
        let sku = cells.checked(Column::Sku, |text| text.parse::<Sku>());
        let price = cells.amount(Column::Price);
        let compare_at_price = match (
            cells.text(Column::CompareAtPrice),
            cells.amount(Column::CompareAtPrice),
        ) {
            (None, _) => Change::Leave,
            (Some(_), None) => Change::Clear,
            (Some(_), Some(amount)) => Change::Set(amount),
        };
        let weight_grams = weight(cells);
        let statuses = [("active", false), ("archived", true)];
        let archived = cells.word(Column::VariantStatus, &statuses);
        let values = values(cells);
        if sku.is_none() {
            must_say_nothing(cells);
        }
        Some(Self {
            sku: sku?,
            values,
            price,
            compare_at_price,
            weight_grams,
            archived,
        })
    }
}

fn must_say_nothing(cells: &mut Cells<'_>) {
    let columns = cells.header.columns().iter();
    let mut own = columns.filter(|column| !column.is_of_product());
    if cells.said(Column::Sku).is_none() && own.any(|column| cells.said(*column).is_some()) {
        cells.push(
            Column::Sku,
            "required",
            "is required where a row is about a variant",
        );
    }
}

fn weight(cells: &mut Cells<'_>) -> Option<i32> {
    let text = cells.said(Column::WeightGrams)?;
    // What is no whole number is no weight either.
    let weight = crate::variant::weight(text.parse().unwrap_or(-1));
    weight
        .map_err(|fault| cells.fault(Column::WeightGrams, &fault))
        .ok()
}

/// The values of the variant's options, without the empty ones at the end.
fn values(cells: &mut Cells<'_>) -> Option<Vec<String>> {
    let columns = cells.header.columns().iter();
    columns
        .clone()
        .find(|column| matches!(column, Column::OptionValue(_)))?;
    let mut values = Vec::new();
    for place in 0..MOST_OPTIONS {
        let value = cells.checked(Column::OptionValue(place), OptionValue::parse);
        values.push(value.map(|value| value.to_string()).unwrap_or_default());
    }
    while values.last().is_some_and(String::is_empty) {
        values.pop();
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::column::COLUMNS;
    use super::*;

    fn record(cells: &[&str]) -> Record {
        Record {
            line: 7,
            cells: ByteRecord::from(cells.to_vec()),
        }
    }

    fn codes(names: &[&str], cells: &[&str]) -> Vec<&'static str> {
        let header = Header::read(b',', names.iter().copied()).unwrap();
        let record = record(cells);
        let mut cells = match Cells::read(&header, &record) {
            Ok(cells) => cells,
            Err(error) => return vec![error.code],
        };
        ProductHalf::read(&mut cells);
        VariantHalf::read(&mut cells);
        cells.take_errors().iter().map(|error| error.code).collect()
    }

    #[test]
    fn everything_wrong_with_a_row_is_told_at_once() {
        let names = [
            "slug",
            "name",
            "status",
            "published_at",
            "sku",
            "price",
            "weight_grams",
        ];
        let wrong = ["a", "\u{7}", "sold", "yesterday", "a b", "12,00", "1.5"];
        assert_eq!(
            codes(&names, &wrong),
            [
                "invalid_name",
                "unknown_word",
                "invalid_published_at",
                "invalid_sku",
                "invalid_amount",
                "invalid_weight"
            ]
        );
        assert_eq!(
            codes(&["slug", "price"], &["a", "0.00"]),
            ["price_not_positive", "required"]
        );
        assert_eq!(codes(&["slug", "sku"], &["a"]), ["wrong_number_of_cells"]);
        assert_eq!(codes(&["slug"], &["a", "b"]), ["wrong_number_of_cells"]);
        assert_eq!(codes(&["slug"], &["a", "", " "]), [""; 0]);
        assert_eq!(
            codes(&["slug", "option2_name"], &["a", "Size"]),
            ["option_gap"]
        );
    }

    #[test]
    fn an_empty_cell_empties_what_may_be_empty_and_leaves_the_rest() {
        let names = [
            "slug",
            "name",
            "description",
            "sku",
            "price",
            "compare_at_price",
        ];
        let header = Header::read(b',', names).unwrap();
        let record = record(&["a", "Shirt", "", "A-1", "", ""]);
        let mut cells = Cells::read(&header, &record).unwrap();
        let product = ProductHalf::read(&mut cells);
        assert_eq!(product.description, Some(Description::default()));
        let variant = VariantHalf::read(&mut cells).unwrap();
        assert_eq!(
            (variant.price, variant.compare_at_price),
            (None, Change::Clear)
        );
        assert!(cells.take_errors().is_empty());
    }

    #[test]
    fn a_row_that_says_nothing_of_its_product_leaves_it() {
        let header = Header::read(b',', ["slug", "description", "sku"]).unwrap();
        let record = record(&["a", "", "A-1"]);
        let mut cells = Cells::read(&header, &record).unwrap();
        assert_eq!(ProductHalf::read(&mut cells), ProductHalf::default());
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_a_row_panic(
            cells in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..12), COLUMNS.len()),
            semicolons: bool,
        ) {
            let separator = if semicolons { b';' } else { b',' };
            let header = Header::read(separator, COLUMNS.map(|(name, _)| name)).unwrap();
            let record = Record { line: 1, cells: ByteRecord::from(cells) };
            if let Ok(mut cells) = Cells::read(&header, &record) {
                ProductHalf::read(&mut cells);
                VariantHalf::read(&mut cells);
            }
        }
    }
}
