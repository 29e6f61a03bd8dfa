//! `GET /api/admin/products`: lists products as staff see them, what was changed last first.

use std::str::FromStr as _;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use catalog_functions::admin::CategoryReferenceBody;
use chrono::{DateTime, Utc};
use domain::{ProductStatus, SearchWords, Slug};
use edge::permit::ReadCatalogue;
use edge::{MoneyBody, Problem, ProblemBody, Query, Staff, StartError};
use merchandising::product::{self, Cursor, ListedProduct, PAGE_SIZES, ProductFilter};
use office::Office;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

const ROUTE: &str = "/api/admin/products";
/// How many products a page has where nothing is said.
const PAGE_SIZE: i64 = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let office = Office::read(env)?;
        Some(Router::new().route(ROUTE, get(handle)).with_state(office))
    })
    .await
}

/// List products
///
/// Drafts and archived ones too, what was changed last first. Follow `next_cursor` with the same filters to
/// read on; what is changed meanwhile moves to the first page.
#[utoipa::path(
    get, path = ROUTE, tag = "catalog", operation_id = "admin-list-products",
    security(("staff" = ["read_catalogue"])),
    params(
        ("q" = Option<String>, Query, max_length = 200, description = "Words of the name, the description, options or SKUs, of which the last may be unfinished; the beginning of a slug; or an SKU, an archived variant's too.", example = "ankara sh"),
        ("status" = Option<String>, Query, pattern = "^(draft|published|archived)$", description = "By default all."),
        ("category" = Option<String>, Query, description = "A category's slug: what stands in it and below it.", example = "shirts"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many products, by default 20."),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "A page", body = AdminProductPageBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(office): State<Office>,
    _: Staff<ReadCatalogue>,
    query: Query,
) -> Result<Response, Problem> {
    let wanted = Wanted::read(query)?;
    let mut connection = office.database.connection().await?;
    let page = product::list(&mut connection, &wanted.filter, wanted.after, wanted.limit).await?;
    Ok(edge::ok(&AdminProductPageBody {
        items: page
            .items
            .into_iter()
            .map(AdminProductSummaryBody::from)
            .collect(),
        next_cursor: page.next.map(|next| next.to_string()),
    }))
}

struct Wanted {
    filter: ProductFilter,
    after: Option<Cursor>,
    limit: i64,
}

impl Wanted {
    fn read(mut query: Query) -> Result<Self, Problem> {
        let filter = ProductFilter {
            text: query.parsed("q", SearchWords::parse),
            status: query.word("status", ProductStatus::ALL),
            category: query.parsed("category", Slug::from_str),
        };
        let limit = query.number("limit", *PAGE_SIZES.start(), *PAGE_SIZES.end());
        let after = query.parsed("cursor", Cursor::from_str);
        query.finish()?;
        Ok(Self {
            filter,
            after,
            limit: limit.unwrap_or(PAGE_SIZE),
        })
    }
}

/// A page of the list.
#[derive(Serialize, ToSchema)]
#[schema(as = AdminProductPage)]
struct AdminProductPageBody {
    /// What was changed last comes first.
    items: Vec<AdminProductSummaryBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A product as the list shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = AdminProductSummary)]
struct AdminProductSummaryBody {
    /// Its identity.
    id: Uuid,
    /// Its name in addresses.
    slug: String,
    /// Its name.
    name: String,
    /// Where it stands.
    category: CategoryReferenceBody,
    /// Whether customers see it.
    #[schema(value_type = String, pattern = "^(draft|published|archived)$")]
    status: ProductStatus,
    /// From when on it is on sale once it is published.
    #[schema(required)]
    published_at: Option<DateTime<Utc>>,
    /// The lowest price of its variants; null where it has none.
    #[schema(required)]
    price: Option<MoneyBody>,
    /// How many variants it has, archived ones aside.
    variant_count: i64,
    /// Counts up with each change.
    version: i64,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

impl From<ListedProduct> for AdminProductSummaryBody {
    fn from(product: ListedProduct) -> Self {
        Self {
            id: product.id.uuid(),
            slug: product.slug,
            name: product.name,
            category: product.category.into(),
            status: product.status,
            published_at: product.published_at,
            price: product.lowest_price.map(MoneyBody::from),
            variant_count: product.variant_count,
            version: product.version,
            updated_at: product.updated_at,
        }
    }
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(AdminProductPageBody, ProblemBody)))]
struct Api;
