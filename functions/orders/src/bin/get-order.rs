//! `GET /api/orders/{number}`: an order with its payments, timeline and fulfilments.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use chrono::{DateTime, Utc};
use database::Database;
use domain::OrderNumber;
use edge::{Bearer, GuestAccess, Problem, ProblemBody, StartError};
use orders::{Order, TimelineEntry};
use orders_functions::OrderBody;
use payments_functions::PaymentBody;
use sealing::Sealer;
use serde::Serialize;
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

#[derive(Clone)]
struct App {
    database: Database,
    sealer: Sealer,
    access: GuestAccess,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let (database, sealer) = (Database::read(env), Sealer::read(env));
        let access = GuestAccess::read(env);
        let app = App {
            database: database?,
            sealer: sealer?,
            access: access?,
        };
        Some(
            Router::new()
                .route("/api/orders/{number}", get(handle))
                .with_state(app),
        )
    })
    .await
}

/// An order with its payments and its timeline
#[utoipa::path(
    get, path = "/api/orders/{number}", tag = "orders", operation_id = "get-order",
    params(("number" = String, Path, description = "The order's number", example = "MR-7K4Q-9TXD")),
    security(("guest" = [])),
    responses(
        (status = 200, description = "The order", body = FullOrderBody),
        (status = "4XX", description = "Refused; 404 also for an order that is not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(app): State<App>,
    Path(number): Path<String>,
    bearer: Bearer,
) -> Result<Response, Problem> {
    let number: OrderNumber = number.parse()?;
    let mut connection = app.database.connection().await?;
    let id = orders::find(&mut connection, &number).await?;
    if !app.access.opens(id, &bearer) {
        return Err(Problem::not_found());
    }
    let order = orders::read(&mut connection, &app.sealer, id).await?;
    let payments = payments::of_order(&mut connection, id).await?;
    let timeline = order.timeline(&mut connection).await?;

    let body = FullOrderBody {
        order: OrderBody::from(&order.summary),
        customer: CustomerBody::from(&order),
        delivery_address: AddressBody::from(&order),
        payments: payments.iter().map(PaymentBody::from).collect(),
        timeline: timeline.into_iter().map(EntryBody::from).collect(),
        fulfilments: Vec::new(),
    };
    Ok(edge::ok(&body))
}

/// An order with everything about it.
#[derive(Serialize, ToSchema)]
#[schema(as = FullOrder)]
struct FullOrderBody {
    #[serde(flatten)]
    order: OrderBody,
    customer: CustomerBody,
    delivery_address: AddressBody,
    /// Every attempt to pay, the oldest first.
    payments: Vec<PaymentBody>,
    /// What happened, the oldest first.
    timeline: Vec<EntryBody>,
    /// Parcels with their tracking; empty until the order is sent.
    fulfilments: Vec<Value>,
}

/// For whom.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderCustomer)]
struct CustomerBody {
    name: String,
    email: String,
    phone: String,
}

/// Where to.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderAddress)]
struct AddressBody {
    street: String,
    #[schema(required)]
    landmark: Option<String>,
    city: String,
    lga: String,
    #[schema(value_type = String)]
    state: &'static str,
    #[schema(value_type = String)]
    country: &'static str,
}

/// Something that happened to an order.
#[derive(Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
struct EntryBody {
    /// `placed`, `paid`, `expired` …
    kind: String,
    /// Facts; their fields depend on the kind.
    #[schema(value_type = Object)]
    detail: Value,
    at: DateTime<Utc>,
}

impl From<&Order> for CustomerBody {
    fn from(order: &Order) -> Self {
        let customer = &order.customer;
        Self {
            name: customer.name.as_str().to_owned(),
            email: customer.email.as_str().to_owned(),
            phone: customer.phone.as_str().to_owned(),
        }
    }
}

impl From<&Order> for AddressBody {
    fn from(order: &Order) -> Self {
        let address = &order.delivery_address;
        Self {
            street: address.street().to_owned(),
            landmark: address.landmark().map(str::to_owned),
            city: address.city().to_owned(),
            lga: address.lga().to_owned(),
            state: address.state().as_str(),
            country: address.country_code(),
        }
    }
}

impl From<TimelineEntry> for EntryBody {
    fn from(entry: TimelineEntry) -> Self {
        Self {
            kind: entry.kind,
            detail: entry.detail,
            at: entry.at,
        }
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(FullOrderBody, ProblemBody)))]
struct Api;
