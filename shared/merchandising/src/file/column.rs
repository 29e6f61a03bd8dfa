//! The columns of a file of products, and its first line.

use std::collections::HashMap;

use super::cell::plain;

/// How many options a product has at most; the table says so too.
pub(super) const MOST_OPTIONS: usize = 5;

/// What a column holds. docs/imports.md tells it to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// The product's slug, by which it is found; obligatory.
    Slug,
    /// The product's name.
    Name,
    /// What is said about it.
    Description,
    /// The slug or the path of its category.
    Category,
    /// `draft`, `published` or `archived`.
    Status,
    /// When it is or was published, RFC 3339.
    PublishedAt,
    /// Whether the shop tells how many pieces there are.
    ShowQuantity,
    /// ISO 4217.
    Currency,
    /// The name of an option, counted from 0.
    OptionName(usize),
    /// All values of an option in their order, with `|` between them.
    OptionValues(usize),
    /// The variant's value of an option.
    OptionValue(usize),
    /// The variant's SKU, by which it is found.
    Sku,
    /// What the variant costs, decimal.
    Price,
    /// What it cost before.
    CompareAtPrice,
    /// What it weighs.
    WeightGrams,
    /// `active` or `archived`.
    VariantStatus,
}

/// Every column with its name, in the order of an export.
pub const COLUMNS: [(&str, Column); 28] = [
    ("slug", Column::Slug),
    ("name", Column::Name),
    ("description", Column::Description),
    ("category", Column::Category),
    ("status", Column::Status),
    ("published_at", Column::PublishedAt),
    ("show_quantity", Column::ShowQuantity),
    ("currency", Column::Currency),
    ("option1_name", Column::OptionName(0)),
    ("option1_values", Column::OptionValues(0)),
    ("option1_value", Column::OptionValue(0)),
    ("option2_name", Column::OptionName(1)),
    ("option2_values", Column::OptionValues(1)),
    ("option2_value", Column::OptionValue(1)),
    ("option3_name", Column::OptionName(2)),
    ("option3_values", Column::OptionValues(2)),
    ("option3_value", Column::OptionValue(2)),
    ("option4_name", Column::OptionName(3)),
    ("option4_values", Column::OptionValues(3)),
    ("option4_value", Column::OptionValue(3)),
    ("option5_name", Column::OptionName(4)),
    ("option5_values", Column::OptionValues(4)),
    ("option5_value", Column::OptionValue(4)),
    ("sku", Column::Sku),
    ("price", Column::Price),
    ("compare_at_price", Column::CompareAtPrice),
    ("weight_grams", Column::WeightGrams),
    ("variant_status", Column::VariantStatus),
];

impl Column {
    /// Its name in the first line.
    #[must_use]
    pub fn name(self) -> &'static str {
        let known = COLUMNS.iter().find(|(_, column)| *column == self);
        known.map_or("", |(name, _)| name)
    }

    /// The column of this name; capitals and white space around it do not matter.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        let known = COLUMNS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, column)| *column)
    }

    /// Whether its cells are about the product, and not about one variant.
    #[must_use]
    pub const fn is_of_product(self) -> bool {
        match self {
            Self::Slug
            | Self::Name
            | Self::Description
            | Self::Category
            | Self::Status
            | Self::PublishedAt
            | Self::ShowQuantity
            | Self::Currency
            | Self::OptionName(_)
            | Self::OptionValues(_) => true,
            Self::OptionValue(_)
            | Self::Sku
            | Self::Price
            | Self::CompareAtPrice
            | Self::WeightGrams
            | Self::VariantStatus => false,
        }
    }
}

/// The first line of a file: which columns it has, in which order, and what stands between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `,`, `;` or a tab.
    pub separator: u8,
    columns: Vec<Column>,
    places: HashMap<Column, usize>,
}

/// Why a first line is none of a file of products.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// There is no line at all.
    #[error("the file is empty")]
    Empty,
    /// UTF-16, or the letters of an old code page.
    #[error("the file is not UTF-8; save it as \"CSV UTF-8\"")]
    NotUtf8,
    /// Columns that are none of ours.
    #[error("the first line has columns that are not known: {0}")]
    UnknownColumns(String),
    /// A column that stands there twice.
    #[error("the first line has {0} more than once")]
    RepeatedColumn(&'static str),
    /// An obligatory column is not there.
    #[error("the first line has no column {0}")]
    MissingColumn(&'static str),
}

impl HeaderError {
    /// The stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_file",
            Self::NotUtf8 => "not_utf8",
            Self::UnknownColumns(_) => "unknown_columns",
            Self::RepeatedColumn(_) => "repeated_column",
            Self::MissingColumn(_) => "missing_column",
        }
    }
}

impl Header {
    /// Reads the cells of a first line.
    ///
    /// # Errors
    /// [`HeaderError`].
    pub fn read<'a>(
        separator: u8,
        cells: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, HeaderError> {
        let cells: Vec<&str> = cells.into_iter().collect();
        let unknown: Vec<&str> = cells
            .iter()
            .copied()
            .filter(|cell| Column::named(plain(cell)).is_none())
            .collect();
        if !unknown.is_empty() {
            return Err(HeaderError::UnknownColumns(shown(&unknown)));
        }
        let columns = cells.iter().filter_map(|cell| Column::named(plain(cell)));
        Self::of(separator, columns.collect())
    }

    fn of(separator: u8, columns: Vec<Column>) -> Result<Self, HeaderError> {
        let mut places = HashMap::new();
        for (place, column) in columns.iter().enumerate() {
            if places.insert(*column, place).is_some() {
                return Err(HeaderError::RepeatedColumn(column.name()));
            }
        }
        if !places.contains_key(&Column::Slug) {
            return Err(HeaderError::MissingColumn(Column::Slug.name()));
        }
        Ok(Self {
            separator,
            columns,
            places,
        })
    }

    /// Where a column stands, if it is there.
    #[must_use]
    pub fn place(&self, column: Column) -> Option<usize> {
        self.places.get(&column).copied()
    }

    /// The columns in the file's order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns' names in the file's order, as [`read`](Self::read) takes them.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.columns
            .iter()
            .map(|column| column.name().to_owned())
            .collect()
    }
}

/// Names from outside at a bounded length, without what would break a line.
fn shown(names: &[&str]) -> String {
    let short = |name: &&str| -> String {
        let visible = name.chars().map(|c| if c.is_control() { ' ' } else { c });
        let name: String = visible.take(40).collect();
        if name.trim().is_empty() {
            "(a column without a name)".to_owned()
        } else {
            name
        }
    };
    let mut list: Vec<String> = names.iter().take(5).map(short).collect();
    if names.len() > 5 {
        list.push(format!("and {} more", names.len() - 5));
    }
    list.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cells: &[&str]) -> Result<Header, HeaderError> {
        Header::read(b',', cells.iter().copied())
    }

    #[test]
    fn columns_are_known_by_name_in_any_order() {
        let header = read(&["SKU", " Price ", "slug"]).unwrap();
        assert_eq!(header.columns(), [Column::Sku, Column::Price, Column::Slug]);
        assert_eq!(header.place(Column::Slug), Some(2));
        assert_eq!(header.place(Column::Name), None);
        for (name, column) in COLUMNS {
            assert_eq!((Column::named(name), column.name()), (Some(column), name));
        }
    }

    #[test]
    fn a_first_line_that_is_none_says_what_is_wrong() {
        assert_eq!(
            read(&["slug", "sku", "Sku"]),
            Err(HeaderError::RepeatedColumn("sku"))
        );
        assert_eq!(read(&["sku"]), Err(HeaderError::MissingColumn("slug")));
        let unknown = read(&["slug", "=cmd()\r\n", "", "prise"]).unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "the first line has columns that are not known: =cmd()  , (a column without a name), prise"
        );
    }
}
