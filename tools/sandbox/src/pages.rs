//! What the HTML pages share. They are whole in themselves: no asset from elsewhere, no font, no
//! script but their own.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

/// An HTML answer.
pub(crate) fn html(status: StatusCode, page: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, headers, page).into_response()
}

/// A page.
pub(crate) fn render(template: &impl Template) -> Response {
    render_with(StatusCode::OK, template)
}

/// A page with a status of its own.
pub(crate) fn render_with(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(page) => html(status, page),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "notice.html")]
pub(crate) struct Notice<'a> {
    /// `good`, `bad` or `plain`.
    pub(crate) tone: &'a str,
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
    /// Address and words of a link.
    pub(crate) link: Option<(&'a str, &'a str)>,
}

impl Notice<'_> {
    pub(crate) fn page(&self, status: StatusCode) -> Response {
        render_with(status, self)
    }
}

/// An amount in subunits as a person reads it: `₦12,500.00`.
pub(crate) fn money(subunits: i64, currency: &str) -> String {
    let symbol = match currency {
        "NGN" => "₦",
        "USD" => "$",
        other => return format!("{other} {}", grouped(subunits)),
    };
    format!("{symbol}{}", grouped(subunits))
}

fn grouped(subunits: i64) -> String {
    let whole = (subunits / 100).unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let sign = if subunits < 0 { "-" } else { "" };
    format!("{sign}{text}.{:02}", (subunits % 100).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::money;

    #[test]
    fn amounts_are_grouped_in_thousands_and_keep_their_kobo() {
        assert_eq!(money(5_000, "NGN"), "₦50.00");
        assert_eq!(money(123_456_789, "NGN"), "₦1,234,567.89");
        assert_eq!(money(105, "USD"), "$1.05");
        assert_eq!(money(100_000, "GHS"), "GHS 1,000.00");
    }
}
