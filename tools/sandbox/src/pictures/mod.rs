//! `/images/{slug}.svg`: a product picture made from the product's slug, the same each time: a
//! palette and a ground pattern by the slug's hash, a drawing by its words (a shoe for
//! `leather-sandals`), else a shape.

mod drawings;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::randomness::splitmix64;
use crate::world::World;

/// Longer slugs than any product's are refused.
const LONGEST: usize = 200;

/// Ground, deeper ground, drawing, drawing's detail.
const PALETTES: [[&str; 4]; 10] = [
    ["#f6e7d2", "#ecd2ae", "#b4512d", "#7c3219"],
    ["#dcece4", "#bcdccc", "#12715b", "#0a4a3c"],
    ["#e3e6f6", "#c6cdf0", "#31409e", "#1e2968"],
    ["#fbe3e0", "#f4c6bf", "#b8324a", "#7d1c33"],
    ["#fdf0cd", "#f8de98", "#a86a00", "#6f4500"],
    ["#e9e1f0", "#d5c4e4", "#6d3a8e", "#472361"],
    ["#dff0f3", "#bbdfe6", "#0d6c80", "#084855"],
    ["#efe9e0", "#dccfbd", "#5b4636", "#382a1f"],
    ["#e6efd6", "#cfe0b0", "#4f7a16", "#33510b"],
    ["#f9e2ee", "#f0c2da", "#a62a72", "#701a4c"],
];

pub(crate) fn routes() -> Router<World> {
    Router::new().route("/images/{file}", get(picture))
}

async fn picture(Path(file): Path<String>) -> Response {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match file.strip_suffix(".svg") {
        Some(slug) if !slug.is_empty() && slug.len() <= LONGEST && slug.chars().all(legal) => {
            let headers = [
                (CONTENT_TYPE, "image/svg+xml"),
                (CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, draw(slug)).into_response()
        }
        Some(_) | None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// FNV-1a: stable for ever, unlike the standard library's hasher.
fn hash(slug: &str) -> u64 {
    slug.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn draw(slug: &str) -> String {
    let mut state = hash(slug);
    let mut pick = |among: usize| {
        let among = u64::try_from(among).unwrap_or(1).max(1);
        usize::try_from(splitmix64(&mut state) % among).unwrap_or(0)
    };
    let [ground, deep, main, detail] = PALETTES[pick(PALETTES.len())];
    let pattern = drawings::PATTERNS[pick(drawings::PATTERNS.len())];
    let drawing = drawings::of(slug, pick(drawings::SHAPES.len()));
    let turn = [-6, -3, 0, 3, 6][pick(5)];
    let title = slug.replace(['-', '_'], " ");
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" width="800" height="800" role="img"><title>{title}</title><defs><radialGradient id="g" cx=".5" cy=".42" r=".75"><stop offset="0" stop-color="{ground}"/><stop offset="1" stop-color="{deep}"/></radialGradient><pattern id="p" width="40" height="40" patternUnits="userSpaceOnUse"><g fill="none" stroke="{main}" stroke-width="1.5" opacity=".16">{pattern}</g></pattern></defs><rect width="400" height="400" fill="url(#g)"/><rect width="400" height="400" fill="url(#p)"/><circle cx="200" cy="198" r="152" fill="{ground}" opacity=".9"/><ellipse cx="200" cy="318" rx="92" ry="9" fill="{detail}" opacity=".16"/><g transform="rotate({turn} 200 200) translate(72 66) scale(1.28)" fill="{main}" stroke="{detail}" stroke-width="4" stroke-linejoin="round" stroke-linecap="round">{drawing}</g></svg>"##
    )
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn a_slug_gives_the_same_picture_each_time_and_another_slug_another() {
        assert_eq!(draw("ankara-maxi-dress"), draw("ankara-maxi-dress"));
        assert_ne!(draw("ankara-maxi-dress"), draw("ankara-midi-dress"));
    }
}
