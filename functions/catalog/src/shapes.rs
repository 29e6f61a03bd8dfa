//! The shapes that the catalogue answers with.

use std::collections::BTreeMap;

use catalog::{
    Category, CategoryNode, CategoryRef, CategorySummary, Image, ListedProduct, Product,
    ProductVariant,
};
use chrono::{DateTime, Utc};
use domain::Availability;
use edge::MoneyBody;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A product as a list shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProductSummary)]
pub struct ProductSummaryBody {
    /// Its identity.
    pub id: Uuid,
    /// Its name in addresses.
    #[schema(example = "ankara-shirt")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Ankara shirt")]
    pub name: String,
    /// The lowest price of its variants.
    pub price: MoneyBody,
    /// What that variant cost before.
    pub compare_at_price: Option<MoneyBody>,
    /// The best that any of its variants offers.
    #[schema(value_type = String, pattern = "^(in_stock|low_stock|backorder|out_of_stock)$")]
    pub availability: Availability,
    /// Its first picture.
    pub image: Option<ImageBody>,
    /// Where it stands in the catalogue.
    pub category: CategoryLinkBody,
}

impl From<ListedProduct> for ProductSummaryBody {
    fn from(product: ListedProduct) -> Self {
        Self {
            id: product.id.uuid(),
            slug: product.slug,
            name: product.name,
            price: product.price.into(),
            compare_at_price: product.compare_at_price.map(MoneyBody::from),
            availability: product.availability,
            image: product.image.map(ImageBody::from),
            category: product.category.into(),
        }
    }
}

/// A product, whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductBody {
    /// Its identity.
    pub id: Uuid,
    /// Its name in addresses.
    #[schema(example = "ankara-shirt")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Ankara shirt")]
    pub name: String,
    /// What is to be said about it: plain text, not HTML.
    pub description: String,
    /// The lowest price of its variants.
    pub price: MoneyBody,
    /// What that variant cost before.
    pub compare_at_price: Option<MoneyBody>,
    /// The best that any of its variants offers.
    #[schema(value_type = String, pattern = "^(in_stock|low_stock|backorder|out_of_stock)$")]
    pub availability: Availability,
    /// Where it stands in the catalogue.
    pub category: CategoryLinkBody,
    /// The way there, from the top category to its own.
    pub breadcrumbs: Vec<CategoryLinkBody>,
    /// What its variants differ in.
    pub options: Vec<OptionBody>,
    /// Its variants on sale.
    pub variants: Vec<VariantBody>,
    /// Its pictures.
    pub images: Vec<ImageBody>,
    /// What else there is of its kind, at most 8.
    pub related: Vec<ProductSummaryBody>,
    /// Counts up with each change.
    pub version: i64,
    /// Since when it is on sale.
    pub published_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl From<Product> for ProductBody {
    fn from(product: Product) -> Self {
        let availability = product.availability();
        let option = |option: catalog::ProductOption| OptionBody {
            name: option.name,
            values: option.values,
        };
        Self {
            id: product.id.uuid(),
            slug: product.slug,
            name: product.name,
            description: product.description,
            price: product.price.into(),
            compare_at_price: product.compare_at_price.map(MoneyBody::from),
            availability,
            category: product.category.into(),
            breadcrumbs: product
                .breadcrumbs
                .into_iter()
                .map(CategoryLinkBody::from)
                .collect(),
            options: product.options.into_iter().map(option).collect(),
            variants: product
                .variants
                .into_iter()
                .map(VariantBody::from)
                .collect(),
            images: product.images.into_iter().map(ImageBody::from).collect(),
            related: product
                .related
                .into_iter()
                .map(ProductSummaryBody::from)
                .collect(),
            version: product.version,
            published_at: product.published_at,
            updated_at: product.updated_at,
        }
    }
}

/// Something that variants differ in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProductOption)]
pub struct OptionBody {
    /// Its name.
    #[schema(example = "Size")]
    pub name: String,
    /// What it can be.
    pub values: Vec<String>,
}

/// What is ordered: one combination of a product's options.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Variant)]
pub struct VariantBody {
    /// Its identity, by which it is ordered.
    pub id: Uuid,
    /// The merchant's name of it.
    #[schema(example = "ANK-SHIRT-42")]
    pub sku: String,
    /// Its options.
    pub options: BTreeMap<String, String>,
    /// What a piece costs.
    pub price: MoneyBody,
    /// What it cost before.
    pub compare_at_price: Option<MoneyBody>,
    /// Whether it can be had.
    #[schema(value_type = String, pattern = "^(in_stock|low_stock|backorder|out_of_stock)$")]
    pub availability: Availability,
    /// How many pieces are there; null where the shop does not tell.
    #[schema(minimum = 0)]
    pub quantity: Option<i64>,
    /// Counts up with each change.
    pub version: i64,
}

impl From<ProductVariant> for VariantBody {
    fn from(variant: ProductVariant) -> Self {
        Self {
            id: variant.id.uuid(),
            sku: variant.sku,
            options: variant.options,
            price: variant.price.into(),
            compare_at_price: variant.compare_at_price.map(MoneyBody::from),
            availability: variant.availability,
            quantity: variant.quantity,
            version: variant.version,
        }
    }
}

/// A picture.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Image)]
pub struct ImageBody {
    /// Where it lies.
    pub url: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
}

impl From<Image> for ImageBody {
    fn from(Image { url, alt }: Image) -> Self {
        Self { url, alt }
    }
}

/// A category, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryLink)]
pub struct CategoryLinkBody {
    /// Its name in addresses.
    #[schema(example = "shoes")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Shoes")]
    pub name: String,
}

impl From<CategoryRef> for CategoryLinkBody {
    fn from(CategoryRef { slug, name }: CategoryRef) -> Self {
        Self { slug, name }
    }
}

/// A category with those below it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryNode)]
pub struct CategoryNodeBody {
    /// Its identity.
    pub id: Uuid,
    /// Its name in addresses.
    #[schema(example = "shoes")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Shoes")]
    pub name: String,
    /// Counts up with each change.
    pub version: i64,
    /// How many products on sale stand in it and below it.
    pub product_count: i64,
    /// The categories directly below it.
    #[schema(no_recursion)]
    pub children: Vec<CategoryNodeBody>,
}

impl From<CategoryNode> for CategoryNodeBody {
    fn from(node: CategoryNode) -> Self {
        Self {
            id: node.id.uuid(),
            slug: node.slug,
            name: node.name,
            version: node.version,
            product_count: node.product_count,
            children: node.children.into_iter().map(Self::from).collect(),
        }
    }
}

/// A category with what surrounds it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Category)]
pub struct CategoryBody {
    /// Itself.
    #[serde(flatten)]
    pub summary: CategorySummaryBody,
    /// The way there, from the top category to itself.
    pub breadcrumbs: Vec<CategoryLinkBody>,
    /// The categories directly below it, empty ones too.
    pub children: Vec<CategorySummaryBody>,
}

impl From<Category> for CategoryBody {
    fn from(category: Category) -> Self {
        let link = CategoryLinkBody::from;
        let summary = CategorySummaryBody::from;
        Self {
            summary: category.summary.into(),
            breadcrumbs: category.breadcrumbs.into_iter().map(link).collect(),
            children: category.children.into_iter().map(summary).collect(),
        }
    }
}

/// A category with how much is in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategorySummary)]
pub struct CategorySummaryBody {
    /// Its identity.
    pub id: Uuid,
    /// Its name in addresses.
    #[schema(example = "shoes")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Shoes")]
    pub name: String,
    /// Counts up with each change.
    pub version: i64,
    /// How many products on sale stand in it and below it.
    pub product_count: i64,
}

impl From<CategorySummary> for CategorySummaryBody {
    fn from(category: CategorySummary) -> Self {
        Self {
            id: category.id.uuid(),
            slug: category.slug,
            name: category.name,
            version: category.version,
            product_count: category.product_count,
        }
    }
}
