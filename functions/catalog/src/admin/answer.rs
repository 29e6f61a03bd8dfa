//! Products and variants as staff are shown them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{Combination, Currency, ProductStatus};
use edge::MoneyBody;
use merchandising::product::{CategoryLink, Product};
use merchandising::variant::Variant;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::images::StaffImageBody;
use crate::shapes;

/// A product, whole, whether customers see it or not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminProduct)]
pub struct AdminProductBody {
    /// Its identity.
    pub id: Uuid,
    /// Its name in addresses.
    #[schema(example = "ankara-shirt")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Ankara shirt")]
    pub name: String,
    /// What is to be said about it: plain text in lines.
    pub description: String,
    /// Where it stands.
    pub category: CategoryReferenceBody,
    /// Whether customers see it.
    #[schema(value_type = String, pattern = "^(draft|published|archived)$")]
    pub status: ProductStatus,
    /// From when on it is on sale once it is published; it may be to come.
    #[schema(required)]
    pub published_at: Option<DateTime<Utc>>,
    /// The currency of its prices, ISO 4217.
    #[schema(value_type = String, example = "NGN")]
    pub currency: Currency,
    /// The lowest price of its variants; null where it has none.
    #[schema(required)]
    pub price: Option<MoneyBody>,
    /// Whether customers are told how many pieces there are.
    pub show_quantity: bool,
    /// What its variants differ in, in the shop's order.
    pub options: Vec<shapes::OptionBody>,
    /// Its variants in the shop's order, archived ones too.
    pub variants: Vec<AdminVariantBody>,
    /// Its pictures in the shop's order, those that are awaited too.
    pub images: Vec<StaffImageBody>,
    /// Counts up with each change of it, its options, variants and pictures; to be sent as `If-Match`.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl From<Product> for AdminProductBody {
    fn from(product: Product) -> Self {
        let version = product.version;
        let option = |option: &domain::ProductOption| shapes::OptionBody {
            name: option.name.to_string(),
            values: option.values.iter().map(ToString::to_string).collect(),
        };
        let variants = product.variants.into_iter();
        Self {
            id: product.id.uuid(),
            slug: product.slug,
            name: product.name,
            description: product.description,
            category: product.category.into(),
            status: product.status,
            published_at: product.published_at,
            currency: product.currency,
            price: product.lowest_price.map(MoneyBody::from),
            show_quantity: product.show_quantity,
            options: product.options.all().iter().map(option).collect(),
            variants: variants
                .map(|variant| AdminVariantBody::new(variant, version))
                .collect(),
            images: product
                .images
                .into_iter()
                .map(StaffImageBody::from)
                .collect(),
            version,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}

/// A variant, archived or not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminVariant)]
pub struct AdminVariantBody {
    /// Its identity, by which it is ordered.
    pub id: Uuid,
    /// What it is a variant of.
    pub product_id: Uuid,
    /// The merchant's name of it.
    #[schema(example = "ANK-SHIRT-42")]
    pub sku: String,
    /// Its value of each of the product's options.
    pub options: BTreeMap<String, String>,
    /// What a piece costs.
    pub price: MoneyBody,
    /// What it is said to have cost.
    #[schema(required)]
    pub compare_at_price: Option<MoneyBody>,
    /// What a piece weighs.
    pub weight_grams: i32,
    /// Its place among the product's variants, the lowest first.
    pub position: i32,
    /// Since when it is not sold any more; null while it is.
    #[schema(required)]
    pub archived_at: Option<DateTime<Utc>>,
    /// Counts up with each change of it; to be sent as `If-Match`.
    pub version: i64,
    /// The version of its product, which counts this change too.
    pub product_version: i64,
}

impl AdminVariantBody {
    /// A variant of a product at a version.
    #[must_use]
    pub fn new(variant: Variant, product_version: i64) -> Self {
        Self {
            id: variant.id.uuid(),
            product_id: variant.product.uuid(),
            sku: variant.sku,
            options: plain(&variant.options),
            price: variant.price.into(),
            compare_at_price: variant.compare_at_price.map(MoneyBody::from),
            weight_grams: variant.weight_grams,
            position: variant.position,
            archived_at: variant.archived_at,
            version: variant.version,
            product_version,
        }
    }
}

fn plain(options: &Combination) -> BTreeMap<String, String> {
    let values = options.values().iter();
    values
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}

/// A category, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryReference)]
pub struct CategoryReferenceBody {
    /// Its identity.
    pub id: Uuid,
    /// Its name in addresses.
    #[schema(example = "shirts")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Shirts")]
    pub name: String,
}

impl From<CategoryLink> for CategoryReferenceBody {
    fn from(CategoryLink { id, slug, name }: CategoryLink) -> Self {
        let id = id.uuid();
        Self { id, slug, name }
    }
}
