//! The request: what staff send, and how it becomes a product to be made.

use std::str::FromStr as _;

use catalog_functions::admin::{OptionBody, PriceBody, VariantBody, options, shelf_price, word};
use chrono::{DateTime, Utc};
use domain::{
    CategoryId, Currency, Description, OptionWish, OptionsError, ProductName, ProductOptions,
    ProductStatus, PublicationTime, Sku, Slug,
};
use edge::{Field, FieldErrors, MoneyBody, Problem, Unknown};
use merchandising::product::{MOST_VARIANTS, NewProduct, NewVariants, Series};
use merchandising::variant::weight;
use serde::Deserialize;
use utoipa::ToSchema;

/// A new product is no archived one.
const STATUSES: [ProductStatus; 2] = [ProductStatus::Draft, ProductStatus::Published];

/// A product to be made.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewProduct)]
pub(crate) struct NewProductBody {
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Ankara shirt", required)]
    name: Field<String>,
    /// Its name in addresses; by default made of its name.
    #[schema(value_type = Option<String>, nullable = false, max_length = 120, example = "ankara-shirt")]
    slug: Field<String>,
    /// Plain text in lines.
    #[schema(value_type = Option<String>, nullable = false, max_length = 20_000)]
    description: Field<String>,
    #[schema(value_type = uuid::Uuid, required)]
    category_id: Field<String>,
    #[schema(value_type = Option<String>, nullable = false, pattern = "^(draft|published)$", default = "draft")]
    status: Field<String>,
    /// From when on it is on sale if it is published; by default at once.
    #[schema(value_type = Option<DateTime<Utc>>)]
    published_at: Field<DateTime<Utc>>,
    /// The currency of its prices.
    #[schema(value_type = Option<String>, nullable = false, default = "NGN")]
    currency: Field<String>,
    /// Whether customers are told how many pieces there are.
    #[schema(value_type = Option<bool>, nullable = false, default = false)]
    show_quantity: Field<bool>,
    /// What its variants differ in, in the order in which it is shown.
    #[schema(value_type = Option<Vec<OptionBody>>, nullable = false, max_items = 5)]
    options: Field<Vec<Field<OptionBody>>>,
    /// Its variants, where they are chosen.
    #[schema(value_type = Option<Vec<VariantBody>>, nullable = false, max_items = 100)]
    variants: Field<Vec<Field<VariantBody>>>,
    /// What all variants have, where there is to be one for each combination of the options.
    #[schema(value_type = Option<SeriesBody>, nullable = false)]
    generate_variants: Field<SeriesBody>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// What generated variants have in common.
#[derive(Deserialize, ToSchema)]
#[schema(as = VariantSeries)]
pub(crate) struct SeriesBody {
    /// What their SKUs begin with; the values of the options follow.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "ANK-SHIRT", required)]
    sku_prefix: Field<String>,
    #[schema(value_type = MoneyBody, required)]
    price: Field<PriceBody>,
    /// Above the price.
    #[schema(value_type = Option<MoneyBody>)]
    compare_at_price: Field<PriceBody>,
    #[schema(value_type = Option<i64>, nullable = false, minimum = 0, maximum = 1_000_000, default = 0)]
    weight_grams: Field<i64>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl NewProductBody {
    /// The product, or every fault at once.
    pub(crate) fn check(self) -> Result<NewProduct, Problem> {
        let mut faults = FieldErrors::new();
        let errors = &mut faults;
        errors.refuse_unknown(&self.unknown);
        let name = errors.required("name", self.name, |text| ProductName::parse(&text));
        let slug = errors.optional("slug", self.slug, |text| Slug::from_str(&text));
        let description = errors.optional("description", self.description, |text| {
            Description::parse(&text)
        });
        let category = errors.id("category_id", self.category_id);
        let status = word(errors, "status", self.status, &STATUSES);
        let published_at =
            errors.optional("published_at", self.published_at, PublicationTime::parse);
        let currency = word(errors, "currency", self.currency, Currency::ALL);
        let show_quantity = errors.optional_value("show_quantity", self.show_quantity);
        let wishes = options(errors, self.options).unwrap_or_default();
        let variants = variants(errors, self.variants, self.generate_variants);
        let new = || {
            Some(NewProduct {
                name: name?,
                slug,
                description: description.unwrap_or_default(),
                category: CategoryId::from(category?),
                status: status.unwrap_or(ProductStatus::Draft),
                published_at,
                currency: currency.unwrap_or(Currency::Ngn),
                show_quantity: show_quantity.unwrap_or(false),
                options: new_options(wishes).ok()?,
                variants: variants?,
            })
        };
        let new = new();
        faults.finish(new)
    }
}

/// What is new was never called anything else.
fn new_options(wishes: Vec<OptionWish>) -> Result<ProductOptions, OptionsError> {
    ProductOptions::new(wishes.into_iter().map(|wish| wish.option).collect())
}

fn variants(
    errors: &mut FieldErrors,
    chosen: Field<Vec<Field<VariantBody>>>,
    series: Field<SeriesBody>,
) -> Option<NewVariants> {
    match (chosen, series) {
        (Field::Absent, Field::Absent) => Some(NewVariants::Chosen(Vec::new())),
        (chosen, Field::Absent) => errors
            .list("variants", chosen, 0..=MOST_VARIANTS, VariantBody::check)
            .map(NewVariants::Chosen),
        (Field::Absent, series) => errors
            .object("generate_variants", series, SeriesBody::check)
            .map(NewVariants::Generated),
        (_, _) => {
            let detail = "cannot stand beside variants";
            errors.push("generate_variants", "contradiction", detail);
            None
        }
    }
}

impl SeriesBody {
    fn check(self, errors: &mut FieldErrors) -> Option<Series> {
        errors.refuse_unknown(&self.unknown);
        let sku_prefix =
            errors.required("sku_prefix", self.sku_prefix, |text| Sku::from_str(&text));
        let price = shelf_price(errors, self.price, self.compare_at_price);
        let weight_grams = errors.optional("weight_grams", self.weight_grams, weight);
        Some(Series {
            sku_prefix: sku_prefix?,
            price: price?,
            weight_grams: weight_grams.unwrap_or(0),
        })
    }
}
