//! `/docs`: the shop's API as an interactive page (Swagger UI, compiled in: it works without the
//! internet). The document is read at each request, so that it is never older than the file.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use utoipa_swagger_ui::Config;

use crate::pages::Notice;
use crate::world::{World, without_trailing_slash};

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::from("/docs/openapi.json")
        .deep_linking(true)
        .display_request_duration(true)
        .doc_expansion("list")
        .filter(true)
        .persist_authorization(true)
        .try_it_out_enabled(true)
        // Without the bar that asks for another document's address.
        .use_base_layout()
        .validator_url("none");
    Arc::new(config)
});

pub(crate) fn routes() -> Router<World> {
    Router::new()
        .route("/docs", get(async || Redirect::permanent("/docs/")))
        .route("/docs/", get(page))
        .route("/docs/openapi.json", get(document))
        .route("/docs/{*asset}", get(asset))
}

async fn page(State(world): State<World>) -> Response {
    match read(&world).await {
        Ok(_) => serve("index.html"),
        Err(problem) => Notice {
            tone: "plain",
            title: "No API document yet",
            text: &problem,
            link: Some(("/docs/", "Look again")),
        }
        .page(StatusCode::NOT_FOUND),
    }
}

/// The document, with the running shop for its only server.
async fn document(State(world): State<World>) -> Response {
    match read(&world).await {
        Ok(mut document) => {
            let api = without_trailing_slash(&world.config.api_url);
            document["servers"] = json!([{ "url": api, "description": "The running shop" }]);
            ([(CACHE_CONTROL, "no-store")], Json(document)).into_response()
        }
        Err(problem) => (StatusCode::NOT_FOUND, Json(json!({ "error": problem }))).into_response(),
    }
}

/// A sentence for a person when the document is not there or is none.
async fn read(world: &World) -> Result<Value, String> {
    let Some(path) = &world.config.openapi else {
        return Err(
            "These stand-ins were started without the path of an OpenAPI document.".to_owned(),
        );
    };
    let name = path
        .file_name()
        .map(Path::new)
        .unwrap_or(path)
        .display()
        .to_string();
    let bytes = tokio::fs::read(path).await.map_err(|error| {
        format!("{name} cannot be read ({error}). It is produced from the code by cargo dev.")
    })?;
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(document) if document.is_object() => Ok(document),
        Ok(_) => Err(format!("{name} is not an OpenAPI document.")),
        Err(error) => Err(format!("{name} is not JSON: {error}.")),
    }
}

async fn asset(UrlPath(asset): UrlPath<String>) -> Response {
    serve(&asset)
}

fn serve(asset: &str) -> Response {
    match utoipa_swagger_ui::serve(asset, Arc::clone(&CONFIG)) {
        Ok(Some(file)) => {
            ([(CONTENT_TYPE, file.content_type)], file.bytes.into_owned()).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, asset, "an asset of the API page could not be served");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
