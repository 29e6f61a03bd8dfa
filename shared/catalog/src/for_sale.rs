//! What can be ordered, and at what price.

use std::collections::{BTreeMap, HashMap};

use database::{DatabaseError, PgConnection};
use domain::{Money, VariantId};

use crate::store;

/// A variant that can be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForSale {
    /// Its identity.
    pub variant: VariantId,
    /// Its product's name.
    pub product_name: String,
    /// Its product's name in addresses.
    pub product_slug: String,
    /// The merchant's name of it.
    pub sku: String,
    /// Its options.
    pub options: BTreeMap<String, String>,
    /// What one piece costs.
    pub price: Money,
}

/// Those of the given variants that can be ordered: published, not archived. The others are simply
/// not in the answer.
///
/// # Errors
/// [`DatabaseError`].
pub async fn for_sale(
    connection: &mut PgConnection,
    variants: &[VariantId],
) -> Result<HashMap<VariantId, ForSale>, DatabaseError> {
    store::for_sale(connection, variants).await
}
