//! Queue `product_updates`: makes everything that hangs on a product follow it.

use catalog_functions::sync::{self, Sync};
use desk::{Desk, Fail};
use domain::Event;
use messaging::{Envelope, Failure, StartError};

const CONSUMER: &str = "sync-product";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    messaging::serve_consumer(CONSUMER, |env| {
        let app = Sync::read(env)?;
        let desk = Desk::new(app.database.clone(), app.clock.clone());
        let handle =
            async move |envelope: &Envelope| handle(&app, envelope).await.map_err(Failure::from);
        Some((desk, handle))
    })
    .await
}

async fn handle(app: &Sync, envelope: &Envelope) -> Result<(), Fail> {
    let message = desk::read(CONSUMER, &app.clock, envelope)?;
    match message.event {
        Event::ProductCreated { product_id }
        | Event::ProductUpdated { product_id }
        | Event::ProductArchived { product_id } => {
            sync::product::changed(app, &message, product_id).await
        }
        Event::CategoryUpdated { category_id } => {
            sync::category::changed(app, &message, category_id).await
        }
        Event::StockChanged { variant_id } => sync::stock::changed(app, &message, variant_id).await,
        Event::ImageRequested { image_id } => sync::image::awaited(app, &message, image_id).await,
        Event::ImportRequested { import_id } => sync::import::go_on(app, &message, import_id).await,
        Event::ExportRequested { export_id } => sync::export::go_on(app, &message, export_id).await,
        Event::OrderPlaced { .. }
        | Event::OrderPaid { .. }
        | Event::OrderUnderpaid { .. }
        | Event::OrderConfirmed { .. }
        | Event::OrderExpired { .. }
        | Event::PaymentRequested { .. }
        | Event::PaymentCheck { .. }
        | Event::PaystackEvent { .. }
        | Event::RefundRequested { .. }
        | Event::RefundCheck { .. }
        | Event::NotificationRequested { .. } => {
            Err(Fail::never("this event is not for this queue"))
        }
    }
}
