//! A version's route table, as its Cargo.toml has it for `cargo lambda watch`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;

/// Which function answers which route.
#[derive(Debug, Clone, Default)]
pub(crate) struct Routes(Vec<Route>);

#[derive(Debug, Clone)]
pub(crate) struct Route {
    method: String,
    /// `/api/products/{slug}`.
    pub(crate) pattern: String,
    pub(crate) function: String,
}

#[derive(Deserialize)]
struct Entry {
    method: String,
    function: String,
}

impl Routes {
    /// Reads `[workspace.metadata.lambda.watch.router]`.
    pub(crate) fn read(manifest: &str) -> anyhow::Result<Self> {
        let manifest: toml::Table = toml::from_str(manifest).context("Cargo.toml")?;
        let path = ["workspace", "metadata", "lambda", "watch", "router"];
        let mut value = toml::Value::Table(manifest);
        for name in path {
            value = value
                .get(name)
                .cloned()
                .with_context(|| format!("Cargo.toml has no {name}"))?;
        }
        let table: BTreeMap<String, Vec<Entry>> = value.try_into().context("the route table")?;
        let routes = table.into_iter().flat_map(|(pattern, entries)| {
            entries
                .into_iter()
                .map(move |Entry { method, function }| Route {
                    method,
                    pattern: pattern.clone(),
                    function,
                })
        });
        Ok(Self(routes.collect()))
    }

    /// The route of a request: of several that fit, the one with the fewest placeholders, as the
    /// gateway chooses.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<&Route> {
        let fitting = self
            .0
            .iter()
            .filter(|route| route.method == method && fits(&route.pattern, path));
        fitting.min_by_key(|route| route.pattern.matches('{').count())
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|route| route.function.as_str())
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given))
                if wanted == given || wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        [workspace.metadata.lambda.watch.router]
        "/api/payments/{reference}" = [{ method = "GET", function = "get-payment" }]
        "/api/payments/callback" = [{ method = "GET", function = "payment-callback" }]
    "#;

    #[test]
    fn a_literal_route_wins_over_one_with_a_placeholder() {
        let routes = Routes::read(MANIFEST).unwrap();
        let function = |path| {
            routes
                .find("GET", path)
                .map(|route| route.function.as_str())
        };
        assert_eq!(function("/api/payments/callback"), Some("payment-callback"));
        assert_eq!(function("/api/payments/mr-1"), Some("get-payment"));
        assert_eq!(function("/api/payments/"), None);
        assert_eq!(function("/api/payments/mr-1/more"), None);
        assert!(routes.find("POST", "/api/payments/mr-1").is_none());
    }
}
