//! What CloudFormation asks and wants to hear.
//!
//! Source: AWS CloudFormation, "Custom resource request objects" and "Custom resource response
//! objects".

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

/// The reason is cut here: an answer may have 4096 bytes in all.
const REASON_LIMIT: usize = 1024;

/// A custom resource is to be created, updated or deleted.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Order {
    pub(crate) request_type: RequestType,
    #[serde(rename = "ResponseURL")]
    pub(crate) response_url: Url,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    physical_resource_id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum RequestType {
    Create,
    Update,
    Delete,
}

/// What became of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Answer<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    physical_resource_id: &'a str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
    data: Map<String, Value>,
}

impl Order {
    /// The order in an event, if it is one.
    pub(crate) fn of(event: &Value) -> Option<Self> {
        event.get("ResponseURL")?;
        Self::deserialize(event).ok()
    }

    /// The answer: what the work gave, readable by `Fn::GetAtt`, or why it failed.
    pub(crate) fn answer(&self, outcome: Result<&Value, &str>) -> Answer<'_> {
        let (status, reason, data) = match outcome {
            Ok(value) => ("SUCCESS", None, value.as_object().cloned()),
            Err(reason) => ("FAILED", Some(cut(reason)), None),
        };
        Answer {
            status,
            reason,
            // The same for the resource's whole life: another id would make CloudFormation delete
            // the former one.
            physical_resource_id: self
                .physical_resource_id
                .as_deref()
                .unwrap_or(&self.logical_resource_id),
            stack_id: &self.stack_id,
            request_id: &self.request_id,
            logical_resource_id: &self.logical_resource_id,
            data: data.unwrap_or_default(),
        }
    }
}

fn cut(reason: &str) -> String {
    reason.chars().take(REASON_LIMIT).collect()
}
