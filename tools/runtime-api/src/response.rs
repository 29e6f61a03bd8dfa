use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An HTTP response as the gateway's client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case, several values of one name joined with a comma.
    pub headers: BTreeMap<String, String>,
    /// The values of `Set-Cookie`.
    pub cookies: Vec<String>,
    /// The body.
    pub body: Bytes,
}

/// What a function answers the gateway (payload format 2.0; `multiValueHeaders` is of 1.0, and
/// empty or absent in 2.0).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    multi_value_headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Response {
    /// Decodes a function's answer.
    ///
    /// # Errors
    /// What makes it one that the gateway could not send on, in words.
    pub fn decode(answer: Value) -> Result<Self, String> {
        let answer: Answer = serde_json::from_value(answer).map_err(|error| error.to_string())?;
        let body = answer.body.unwrap_or_default();
        let body = if answer.is_base64_encoded {
            STANDARD
                .decode(body)
                .map_err(|error| format!("its body is not base64: {error}"))?
        } else {
            body.into_bytes()
        };
        let single = answer.headers.into_iter();
        let several = answer.multi_value_headers.into_iter();
        let headers = several
            .map(|(name, values)| (name, values.join(",")))
            .chain(single)
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        Ok(Self {
            status: answer.status_code,
            headers,
            cookies: answer.cookies,
            body: body.into(),
        })
    }

    /// A header's value, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(&name.to_ascii_lowercase())
            .map(String::as_str)
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none, with the whole response.
    pub fn json(&self) -> Value {
        self.json_as()
    }

    /// The body as JSON of a type.
    ///
    /// # Panics
    /// When it is not, with the whole response.
    pub fn json_as<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!(
                "status {}: no such JSON ({error}): {}",
                self.status,
                self.text()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_decoded_as_the_gateway_does() {
        let response = Response::decode(json!({
            "statusCode": 201,
            "headers": {"Content-Type": "application/json"},
            "multiValueHeaders": {"Vary": ["origin", "accept"]},
            "cookies": ["a=1; HttpOnly"],
            "body": STANDARD.encode(r#"{"ok":true}"#),
            "isBase64Encoded": true,
        }))
        .unwrap();
        assert_eq!(response.status, 201);
        assert_eq!(response.header("content-TYPE"), Some("application/json"));
        assert_eq!(response.header("vary"), Some("origin,accept"));
        assert_eq!(response.cookies, ["a=1; HttpOnly"]);
        assert_eq!(response.json(), json!({"ok": true}));
    }

    #[test]
    fn an_answer_without_a_body_is_an_empty_one() {
        let response = Response::decode(json!({"statusCode": 304, "body": null})).unwrap();
        assert_eq!((response.status, response.text().as_str()), (304, ""));
    }

    #[test]
    fn what_the_gateway_could_not_send_on_is_an_error() {
        assert!(Response::decode(json!("hello")).is_err());
        let broken = json!({"statusCode": 200, "body": "?", "isBase64Encoded": true});
        assert!(Response::decode(broken).is_err());
    }
}
