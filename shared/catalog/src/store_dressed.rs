//! The SQL that completes what a list shows of products with the availability of their variants.

use std::collections::HashMap;

use database::{DatabaseError, PgConnection, money};
use domain::{Availability, ProductId};
use uuid::Uuid;

use crate::{CategoryRef, Image, ListedProduct};

/// A product as found, without its availability.
#[derive(sqlx::FromRow)]
pub(crate) struct Found {
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) lowest_price: i64,
    pub(crate) compare_at_price: Option<i64>,
    pub(crate) currency: String,
    pub(crate) category_slug: String,
    pub(crate) category_name: String,
    pub(crate) image_url: Option<String>,
    pub(crate) image_alt: Option<String>,
}

impl Found {
    fn dressed(self, availability: Availability) -> Result<ListedProduct, DatabaseError> {
        let price = money(self.lowest_price, &self.currency)?;
        let compare_at_price = self
            .compare_at_price
            .map(|price| money(price, &self.currency));
        let image = self
            .image_url
            .zip(self.image_alt)
            .map(|(url, alt)| Image { url, alt });
        Ok(ListedProduct {
            id: self.id.into(),
            slug: self.slug,
            name: self.name,
            price,
            compare_at_price: compare_at_price.transpose()?,
            availability,
            image,
            category: CategoryRef {
                slug: self.category_slug,
                name: self.category_name,
            },
        })
    }
}

/// The found products with the best availability of their variants.
pub(crate) async fn dressed(
    connection: &mut PgConnection,
    found: Vec<Found>,
) -> Result<Vec<ListedProduct>, DatabaseError> {
    let ids: Vec<Uuid> = found.iter().map(|product| product.id).collect();
    let best = availabilities(connection, &ids).await?;
    let each = found.into_iter().map(|product| {
        let known = best.get(&product.id.into()).copied();
        product.dressed(known.unwrap_or(Availability::OutOfStock))
    });
    each.collect()
}

async fn availabilities(
    connection: &mut PgConnection,
    products: &[Uuid],
) -> Result<HashMap<ProductId, Availability>, DatabaseError> {
    let levels = sqlx::query!(
        r#"
        SELECT v.product_id, s.on_hand, s.reserved, s.backorder_limit, s.low_stock_threshold
        FROM variants v
        JOIN stock_levels s ON s.variant_id = v.id
        JOIN locations l ON l.id = s.location_id AND l.active
        WHERE v.product_id = ANY($1) AND v.archived_at IS NULL
        "#,
        products,
    )
    .fetch_all(connection)
    .await?;
    let mut best = HashMap::new();
    for s in levels {
        let offered = Availability::of(
            s.on_hand,
            s.reserved,
            s.backorder_limit,
            s.low_stock_threshold,
        );
        let known = best.entry(ProductId::from(s.product_id)).or_insert(offered);
        *known = offered.min(*known); // Declared from the best to the worst.
    }
    Ok(best)
}
