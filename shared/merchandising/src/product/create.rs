//! Making a product.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use database::{PgConnection, audit};
use domain::{
    CategoryId, Cause, Currency, Description, Event, OptionValue, ProductId, ProductName,
    ProductOptions, ProductStatus, PublicationTime, Sku, Slug,
};

use super::{MOST_VARIANTS, Product, ProductError, Series, read, store};
use crate::announce::{announce, at_publication};
use crate::variant::{self, NewVariant};

/// How often a slug is made anew where others take the same at the same time.
const TRIES: usize = 5;

/// A product to be made.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// Its name.
    pub name: ProductName,
    /// Its name in addresses; none to have one made of its name.
    pub slug: Option<Slug>,
    /// What is to be said about it.
    pub description: Description,
    /// Where it stands.
    pub category: CategoryId,
    /// Whether customers see it.
    pub status: ProductStatus,
    /// From when on, if it is published; none for at once.
    pub published_at: Option<PublicationTime>,
    /// The currency of its prices.
    pub currency: Currency,
    /// Whether customers are told how many pieces there are.
    pub show_quantity: bool,
    /// What its variants differ in.
    pub options: ProductOptions,
    /// Its variants.
    pub variants: NewVariants,
}

/// The variants of a product to be made.
#[derive(Debug, Clone)]
pub enum NewVariants {
    /// These, and possibly none.
    Chosen(Vec<NewVariant>),
    /// One for each combination of the options.
    Generated(Series),
}

/// Makes a product with its options and variants, writes it down and announces it, all in the caller's
/// transaction; answers it. A slug that is made of the name is numbered where it is taken.
///
/// # Errors
/// [`ProductError`]; the transaction must then be given up.
pub async fn create(
    connection: &mut PgConnection,
    cause: &Cause,
    new: NewProduct,
) -> Result<Product, ProductError> {
    let variants = variants(connection, &new).await?;
    if new.status == ProductStatus::Published && variants.is_empty() {
        return Err(ProductError::NothingToSell);
    }
    variant::check(&new.options, new.currency, &variants)?;
    let skus: Vec<&Sku> = variants.iter().map(|variant| &variant.sku).collect();
    variant::store::refuse_known(connection, &skus).await?;

    let id = ProductId::new();
    insert(connection, cause, &new, id).await?;
    store::put_options(connection, id, &new.options).await?;
    variant::store::insert(connection, cause, id, &variants).await?;

    let product = read::find(connection, id).await?;
    write_down(connection, cause, &product).await?;
    let created = Event::ProductCreated { product_id: id };
    announce(connection, cause, created, at_publication(cause, &product)).await?;
    Ok(product)
}

async fn variants(
    connection: &mut PgConnection,
    new: &NewProduct,
) -> Result<Vec<NewVariant>, ProductError> {
    let variants = match &new.variants {
        NewVariants::Chosen(variants) => variants.clone(),
        NewVariants::Generated(_) if new.options.count() > MOST_VARIANTS => {
            return Err(ProductError::TooManyVariants);
        }
        NewVariants::Generated(series) => {
            let words = words(connection, &new.options).await?;
            series
                .variants(&new.options, &words)
                .map_err(ProductError::Series)?
        }
    };
    if variants.len() > MOST_VARIANTS {
        return Err(ProductError::TooManyVariants);
    }
    Ok(variants)
}

/// The values of options as search sees them.
async fn words(
    connection: &mut PgConnection,
    options: &ProductOptions,
) -> Result<BTreeMap<String, String>, ProductError> {
    let values = options.all().iter().flat_map(|option| &option.values);
    let values: Vec<String> = values.map(OptionValue::to_string).collect();
    let folded = store::folded(connection, &values).await?;
    Ok(values.into_iter().zip(folded).collect())
}

async fn insert(
    connection: &mut PgConnection,
    cause: &Cause,
    new: &NewProduct,
    id: ProductId,
) -> Result<(), ProductError> {
    let at = published_at(new, cause.at);
    if let Some(slug) = &new.slug {
        let written = store::insert(connection, cause, new, id, slug, at).await;
        return written
            .map_err(|error| of_category(error, new.category))?
            .then_some(())
            .ok_or(ProductError::SlugTaken);
    }
    let named = store::folded(connection, &[new.name.to_string()]).await?;
    let plain = Slug::of_words(&named.concat()).or_else(|| Slug::of_words("product"));
    let plain = plain.ok_or(ProductError::SlugTaken)?;
    let mut slug = plain.clone();
    for _ in 0..TRIES {
        let written = store::insert(connection, cause, new, id, &slug, at).await;
        if written.map_err(|error| of_category(error, new.category))? {
            return Ok(());
        }
        // Whoever makes another of this name waits here, and then sees which numbers are taken.
        store::lock_slug(connection, &plain).await?;
        let number = store::free_number(connection, &plain).await?;
        slug = number
            .and_then(|number| plain.numbered(number))
            .ok_or(ProductError::SlugTaken)?;
    }
    Err(ProductError::SlugTaken)
}

fn published_at(new: &NewProduct, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at_once = (new.status == ProductStatus::Published).then_some(now);
    new.published_at.map(PublicationTime::at).or(at_once)
}

/// A category that does not exist is the caller's fault.
pub(super) fn of_category(error: database::DatabaseError, category: CategoryId) -> ProductError {
    match error.constraint() {
        Some("products_category_id_fkey") => ProductError::UnknownCategory(category),
        Some(_) | None => error.into(),
    }
}

async fn write_down(
    connection: &mut PgConnection,
    cause: &Cause,
    product: &Product,
) -> Result<(), ProductError> {
    let mut after = product.audited();
    after["variants"] = product
        .variants
        .iter()
        .map(variant::Variant::audited)
        .collect();
    let made = audit::Change {
        action: "product.created",
        entity: "product",
        id: product.id.uuid(),
        before: None,
        after: Some(after),
    };
    Ok(audit::record(connection, cause, &made).await?)
}
