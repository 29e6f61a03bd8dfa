//! `GET /api/products`: lists the products on sale, page by page, with facets.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use catalog::ProductQuery;
use catalog_functions::facets::FacetsBody;
use catalog_functions::shapes::ProductSummaryBody;
use catalog_functions::{Reader, asked, json, raw};
use edge::{Problem, ProblemBody, Query, StartError};
use http::HeaderMap;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{OpenApi, ToSchema};

const ROUTE: &str = "/api/products";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    edge::serve::<Api>(|env| {
        let reader = Reader::read(env)?;
        Some(Router::new().route(ROUTE, get(handle)).with_state(reader))
    })
    .await
}

#[derive(OpenApi)]
#[openapi(paths(handle), components(schemas(FacetsBody)))]
struct Api;

/// Lists products
///
/// The products on sale that pass all the filters. Options and `in_stock` are asked of one variant;
/// prices are the lowest of a product, as the list shows them. A category that does not exist has no
/// products. Follow `next_cursor` and `previous_cursor` with the same filters and order to read on and
/// back: no product that stays where it is comes twice or is left out, whatever else changes meanwhile.
///
/// A search forgives accents, an unfinished last word and small misspellings; where it has corrected
/// some, `corrected` is what was searched for. Sorted by relevance it ranks the newest products that
/// match, about 600 of them where more do; in another order it lists all.
#[utoipa::path(
    get, path = ROUTE, tag = "catalog", operation_id = "list-products",
    params(
        ("q" = Option<String>, Query, max_length = 200, description = "Words in names, descriptions, values of options and SKUs; the last may be unfinished. `\"a phrase\"`, `-without`, `this or that`."),
        ("category" = Option<String>, Query, description = "The slug of a category; its descendants are included."),
        ("min_price" = Option<i64>, Query, minimum = 0, description = "The lowest price, in kobo."),
        ("max_price" = Option<i64>, Query, minimum = 0, description = "The highest price, in kobo."),
        ("in_stock" = Option<bool>, Query, description = "`true`: only what is on a shelf. `false`, the default: all."),
        ("option.<name>" = Option<String>, Query, description = "The value of an option: `option.Size=42`. Given more than once for an option, one of the values will do; each of several options must be met.", example = "42"),
        ("sort" = Option<String>, Query, pattern = "^(relevance|newest|price|-price|name|-name)$", description = "By default `relevance` where `q` is given, else `newest`. Without `q`, `relevance` is `newest`."),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many products, by default 20."),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before, or the `previous_cursor` of the page after."),
    ),
    responses(
        (status = 200, description = "A page", body = ProductPageBody),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
        (status = 422, description = "Parameters at fault, all of them", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again shortly", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn handle(
    State(reader): State<Reader>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let wanted = asked::page_of_products(query)?;
    let key = format!("products:{}", wanted.fingerprint());
    reader.answer(&headers, &key, page(&reader, &wanted)).await
}

/// A page of the list.
#[derive(Serialize, ToSchema)]
#[schema(as = ProductPage)]
struct ProductPageBody<'a> {
    /// The products, in order.
    items: Vec<ProductSummaryBody>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// Where the page before ends; null on the first.
    previous_cursor: Option<String>,
    /// What was searched for, where unknown words of `q` were corrected to known ones; else null.
    #[schema(example = "leather sandals")]
    corrected: Option<String>,
    /// What the list could be narrowed to.
    #[schema(value_type = FacetsBody)]
    facets: &'a RawValue,
}

async fn page(reader: &Reader, wanted: &ProductQuery) -> Result<Vec<u8>, Problem> {
    let mut connection = reader.connection().await?;
    let scope = catalog::scope(&mut connection, wanted).await?;
    let page = catalog::list_products(&mut connection, wanted, &scope).await?;
    let items = page.items.into_iter().map(ProductSummaryBody::from);
    // The facets of all pages are the same, so that they have a copy of their own.
    let key = format!("facets:{}", wanted.filters().fingerprint());
    let facets = async {
        let facets = catalog::facets(&mut connection, wanted.filters(), &scope).await?;
        json(&FacetsBody::from(facets))
    };
    let facets = reader.copy_or(&key, facets).await?;
    json(&ProductPageBody {
        items: items.collect(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
        previous_cursor: page.previous.map(|cursor| cursor.to_string()),
        corrected: scope.corrected().map(str::to_owned),
        facets: raw(&facets)?,
    })
}
