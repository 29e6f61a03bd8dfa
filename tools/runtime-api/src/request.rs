use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// An HTTP request, on its way to becoming an API Gateway HTTP API event (payload format 2.0).
///
/// Shape: AWS, "Create AWS Lambda proxy integrations for HTTP APIs".
#[derive(Debug, Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    query: String,
    route: Option<String>,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
    body: Option<Bytes>,
    source_ip: String,
}

impl Request {
    /// `GET` of a path with an optional query: `/api/products?limit=2`.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// `POST`.
    pub fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    /// `PUT`.
    pub fn put(target: &str) -> Self {
        Self::new("PUT", target)
    }

    /// `PATCH`.
    pub fn patch(target: &str) -> Self {
        Self::new("PATCH", target)
    }

    /// `DELETE`.
    pub fn delete(target: &str) -> Self {
        Self::new("DELETE", target)
    }

    /// Any method. The target is sent as it is: what must be percent-encoded has to be.
    pub fn new(method: &'static str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            route: None,
            headers: BTreeMap::new(),
            cookies: Vec::new(),
            body: None,
            source_ip: "102.89.23.7".to_owned(),
        };
        request
            .header("host", "api.madrush.test")
            .header("user-agent", "shop-tests/1.0")
            .header("x-forwarded-port", "443")
            .header("x-forwarded-proto", "https")
    }

    /// The route that the gateway matched, `/api/products/{slug}`: gives the event its route key
    /// and path parameters. Without it the route is `$default`, as from `cargo lambda watch`.
    #[must_use]
    pub fn route(mut self, route: &str) -> Self {
        self.route = Some(route.to_owned());
        self
    }

    /// Adds a header. A second one of the same name is joined with a comma, as the gateway does.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .entry(name.to_ascii_lowercase())
            .and_modify(|present| *present = format!("{present},{value}"))
            .or_insert_with(|| value.to_owned());
        self
    }

    /// Adds `Authorization: Bearer <token>`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Adds a cookie.
    #[must_use]
    pub fn cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.push(format!("{name}={value}"));
        self
    }

    /// Whose request it is; the gateway takes it from the connection, not from a header.
    #[must_use]
    pub fn source_ip(mut self, address: &str) -> Self {
        address.clone_into(&mut self.source_ip);
        self
    }

    /// A JSON body with its content type.
    ///
    /// # Panics
    /// When the value cannot be JSON (a map whose keys are not strings).
    #[must_use]
    pub fn json(self, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("the request's body cannot be JSON");
        self.header("content-type", "application/json").body(body)
    }

    /// A form's body with its content type.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let body: Vec<String> = fields
            .iter()
            .map(|&(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"))
    }

    /// A body of any bytes.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = Some(bytes.into());
        self
    }

    /// The event that API Gateway would invoke the function with.
    pub fn event(&self) -> Value {
        let route = self.route.as_ref();
        let route_key = route.map_or_else(
            || "$default".to_owned(),
            |route| format!("{} {route}", self.method),
        );
        let mut event = json!({
            "version": "2.0",
            "routeKey": route_key,
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": self.all_headers(),
            "requestContext": self.context(&route_key),
            "isBase64Encoded": false,
        });
        if !self.cookies.is_empty() {
            event["cookies"] = json!(self.cookies);
        }
        if !self.query.is_empty() {
            event["queryStringParameters"] = self.query_parameters();
        }
        if let Some(parameters) = route.and_then(|route| path_parameters(route, &self.path)) {
            event["pathParameters"] = parameters;
        }
        if let Some(body) = &self.body {
            let (text, is_base64) = self.encoded(body);
            event["body"] = json!(text);
            event["isBase64Encoded"] = json!(is_base64);
        }
        event
    }

    fn all_headers(&self) -> BTreeMap<String, String> {
        let mut headers = self.headers.clone();
        let client = self.source_ip.clone();
        // The gateway adds the address it sees behind whatever the client claimed.
        headers
            .entry("x-forwarded-for".to_owned())
            .and_modify(|claimed| *claimed = format!("{claimed}, {client}"))
            .or_insert(client);
        if let Some(body) = &self.body {
            headers
                .entry("content-length".to_owned())
                .or_insert_with(|| body.len().to_string());
        }
        headers
    }

    fn context(&self, route_key: &str) -> Value {
        let now = DateTime::<Utc>::from(std::time::SystemTime::now());
        let id = uuid::Uuid::new_v4().simple().to_string();
        json!({
            "accountId": "123456789012",
            "apiId": "api-id",
            "domainName": "api.madrush.test",
            "domainPrefix": "api",
            "http": {
                "method": self.method,
                "path": self.path,
                "protocol": "HTTP/1.1",
                "sourceIp": self.source_ip,
                "userAgent": self.headers.get("user-agent"),
            },
            "requestId": format!("{}=", &id[..15]),
            "routeKey": route_key,
            "stage": "$default",
            "time": now.format("%d/%b/%Y:%H:%M:%S %z").to_string(),
            "timeEpoch": now.timestamp_millis(),
        })
    }

    /// The decoded query; a repeated name's values are joined with a comma.
    fn query_parameters(&self) -> Value {
        let mut parameters: BTreeMap<String, String> = BTreeMap::new();
        for pair in self.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let [name, value] = [name, value].map(|text| decoded(&text.replace('+', " ")));
            parameters
                .entry(name)
                .and_modify(|present| *present = format!("{present},{value}"))
                .or_insert(value);
        }
        json!(parameters)
    }

    /// Bodies of textual types come as text, all others in base64.
    fn encoded(&self, body: &Bytes) -> (String, bool) {
        let is_text = self.headers.get("content-type").is_none_or(|content_type| {
            let text = [
                "text/",
                "application/json",
                "application/javascript",
                "application/xml",
            ];
            text.iter().any(|prefix| content_type.starts_with(prefix))
        });
        match std::str::from_utf8(body) {
            Ok(text) if is_text => (text.to_owned(), false),
            Ok(_) | Err(_) => (STANDARD.encode(body), true),
        }
    }
}

/// The values of `{name}` and `{name+}` in the route, when the path is the route's.
fn path_parameters(route: &str, path: &str) -> Option<Value> {
    let mut parameters = Map::new();
    let mut segments = path.split('/');
    for pattern in route.split('/') {
        match pattern
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(name) => match name.strip_suffix('+') {
                Some(rest) => {
                    let all: Vec<&str> = segments.by_ref().collect();
                    parameters.insert(rest.to_owned(), json!(decoded(&all.join("/"))));
                }
                None => drop(parameters.insert(name.to_owned(), json!(decoded(segments.next()?)))),
            },
            None => (segments.next()? == pattern).then_some(())?,
        }
    }
    (segments.next().is_none() && !parameters.is_empty()).then_some(Value::Object(parameters))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_lower_case_and_joined_with_commas() {
        let event = Request::get("/")
            .header("Accept", "a/b")
            .header("ACCEPT", "c/d")
            .event();
        assert_eq!(event["headers"]["accept"], "a/b,c/d");
        assert_eq!(event["headers"]["x-forwarded-for"], "102.89.23.7");
    }

    #[test]
    fn the_query_is_there_raw_and_decoded() {
        let event = Request::get("/api/products?q=red+shoe&tag=a&tag=b%26c").event();
        assert_eq!(event["rawPath"], "/api/products");
        assert_eq!(event["rawQueryString"], "q=red+shoe&tag=a&tag=b%26c");
        assert_eq!(
            event["queryStringParameters"],
            json!({"q": "red shoe", "tag": "a,b&c"})
        );
    }

    #[test]
    fn a_route_gives_its_key_and_its_parameters() {
        let event = Request::get("/api/orders/MR-1%2F2")
            .route("/api/orders/{number}")
            .event();
        assert_eq!(event["routeKey"], "GET /api/orders/{number}");
        assert_eq!(event["pathParameters"], json!({"number": "MR-1/2"}));
        let event = Request::get("/api/orders").event();
        assert_eq!(event["routeKey"], "$default");
        assert_eq!(event.get("pathParameters"), None);
    }

    #[test]
    fn json_is_text_and_other_bytes_are_base64() {
        let event = Request::post("/").json(&json!({"a": 1})).event();
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!("{\"a\":1}"), &json!(false))
        );
        let event = Request::post("/").form(&[("outcome", "a b")]).event();
        assert_eq!(event["isBase64Encoded"], true);
        assert_eq!(event["body"], STANDARD.encode("outcome=a%20b"));
        let event = Request::post("/")
            .header("content-type", "application/json")
            .body(vec![0xff]);
        assert_eq!(event.event()["isBase64Encoded"], true);
    }

    #[test]
    fn cookies_are_apart_from_the_headers() {
        let event = Request::get("/").cookie("a", "1").cookie("b", "2").event();
        assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
        assert_eq!(event["headers"].get("cookie"), None);
    }
}
