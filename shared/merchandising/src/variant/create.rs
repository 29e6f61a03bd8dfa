//! Making a variant.

use database::{PgConnection, audit};
use domain::{Cause, Event, ProductId};

use super::{NewVariant, Variant, check, store};
use crate::announce::announce;
use crate::product::{self, MOST_VARIANTS, Product, ProductError};

/// Makes a variant of a product, writes it down and announces it, all in the caller's transaction; answers
/// the product as it is then, and the variant. An archived variant of the same product with the same SKU
/// comes back, with what is said here.
///
/// # Errors
/// [`ProductError`]; the transaction must then be given up.
pub async fn create(
    connection: &mut PgConnection,
    cause: &Cause,
    product: ProductId,
    new: NewVariant,
) -> Result<(Product, Variant), ProductError> {
    let before = product::lock(connection, product).await?;
    if before.live_variants().count() >= MOST_VARIANTS {
        return Err(ProductError::TooManyVariants);
    }
    check(&before.options, before.currency, std::slice::from_ref(&new))?;
    if before
        .live_variants()
        .any(|variant| variant.options == new.options)
    {
        return Err(ProductError::CombinationTaken);
    }
    let sku = new.sku.as_str();
    let former = before
        .variants
        .iter()
        .find(|v| v.sku == sku && !v.is_live())
        .cloned();
    let new = NewVariant {
        position: new.position.or_else(|| Some(behind(&before))),
        ..new
    };
    let id = match &former {
        Some(former) => {
            store::update(connection, cause, &revived(former, &new)).await?;
            former.id
        }
        None => {
            store::refuse_known(connection, &[&new.sku]).await?;
            let made =
                store::insert(connection, cause, product, std::slice::from_ref(&new)).await?;
            made.into_iter().next().ok_or(ProductError::NotFound)?
        }
    };
    product::count_up(connection, cause, product).await?;

    let (after, variant) = super::read(connection, product, id).await?;
    write_down(connection, cause, former.as_ref(), &variant).await?;
    announce(
        connection,
        cause,
        Event::ProductUpdated {
            product_id: product,
        },
        None,
    )
    .await?;
    Ok((after, variant))
}

/// The place behind the last variant.
fn behind(product: &Product) -> i32 {
    let positions = product.live_variants().map(|variant| variant.position);
    positions.max().map_or(0, |last| last.saturating_add(1))
}

fn revived(former: &Variant, new: &NewVariant) -> Variant {
    Variant {
        options: new.options.clone(),
        price: new.price.price(),
        compare_at_price: new.price.compare_at(),
        weight_grams: new.weight_grams,
        position: new.position.unwrap_or(former.position),
        archived_at: None,
        ..former.clone()
    }
}

async fn write_down(
    connection: &mut PgConnection,
    cause: &Cause,
    former: Option<&Variant>,
    variant: &Variant,
) -> Result<(), ProductError> {
    let made = audit::Change {
        action: "variant.created",
        entity: "variant",
        id: variant.id.uuid(),
        before: former.map(Variant::audited),
        after: Some(variant.audited()),
    };
    Ok(audit::record(connection, cause, &made).await?)
}
