//! S3's refusals, as its "Error Responses" tell them.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_RANGE, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::randomness::hexadecimal;

/// A refusal: a status, a code and a sentence, as XML.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    more: String,
    size: Option<usize>,
}

macro_rules! refusals {
    ($( $name:ident = $status:ident $code:literal $message:literal; )+) => {
        impl Refusal {
            $( pub(super) fn $name() -> Self {
                Self::new(StatusCode::$status, $code, $message)
            } )+
        }
    };
}

refusals! {
    access_denied = FORBIDDEN "AccessDenied" "Access Denied";
    expired = FORBIDDEN "AccessDenied" "Request has expired";
    headers_not_signed = FORBIDDEN "AccessDenied" "There were headers present in the request which were not signed";
    unknown_key = FORBIDDEN "InvalidAccessKeyId" "The AWS Access Key Id you provided does not exist in our records.";
    wrong_signature = FORBIDDEN "SignatureDoesNotMatch" "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
    malformed_query = BAD_REQUEST "AuthorizationQueryParametersError" "Query-string authentication needs X-Amz-Algorithm, X-Amz-Credential, X-Amz-Date, X-Amz-Expires (1 to 604800 seconds), X-Amz-SignedHeaders and X-Amz-Signature.";
    no_such_bucket = NOT_FOUND "NoSuchBucket" "The specified bucket does not exist";
    no_such_key = NOT_FOUND "NoSuchKey" "The specified key does not exist.";
    no_such_upload = NOT_FOUND "NoSuchUpload" "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    precondition_failed = PRECONDITION_FAILED "PreconditionFailed" "At least one of the pre-conditions you specified did not hold";
    missing_length = LENGTH_REQUIRED "MissingContentLength" "You must provide the Content-Length HTTP header.";
    entity_too_large = BAD_REQUEST "EntityTooLarge" "Your proposed upload exceeds the maximum allowed size";
    entity_too_small = BAD_REQUEST "EntityTooSmall" "Your proposed upload is smaller than the minimum allowed size";
    invalid_part = BAD_REQUEST "InvalidPart" "One or more of the specified parts could not be found.";
    invalid_part_order = BAD_REQUEST "InvalidPartOrder" "The list of parts was not in ascending order.";
    invalid_argument = BAD_REQUEST "InvalidArgument" "Part number must be an integer between 1 and 10000, inclusive";
    malformed_xml = BAD_REQUEST "MalformedXML" "The XML you provided was not well-formed or did not validate against our published schema";
    method_not_allowed = METHOD_NOT_ALLOWED "MethodNotAllowed" "The specified method is not allowed against this resource.";
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self {
            status,
            code,
            message,
            more: String::new(),
            size: None,
        }
    }

    /// A range beyond an object of this size.
    pub(super) fn invalid_range(size: usize) -> Self {
        let message = "The requested range is not satisfiable";
        Self {
            more: format!("<ActualObjectSize>{size}</ActualObjectSize>"),
            size: Some(size),
            ..Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", message)
        }
    }
}

/// What S3 says under a status that `/control` ordered.
pub(super) fn of_status(status: StatusCode) -> Response {
    let (code, message) = match status.as_u16() {
        503 => ("SlowDown", "Please reduce your request rate."),
        403 => ("AccessDenied", "Access Denied"),
        404 => ("NoSuchKey", "The specified key does not exist."),
        _ => (
            "InternalError",
            "We encountered an internal error. Please try again.",
        ),
    };
    Refusal::new(status, code, message).into_response()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self {
            code,
            message,
            more,
            ..
        } = &self;
        let request = hexadecimal(16).to_uppercase();
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
             {more}<RequestId>{request}</RequestId></Error>"
        );
        let mut response = (self.status, [(CONTENT_TYPE, "application/xml")], xml).into_response();
        let range = self
            .size
            .and_then(|size| format!("bytes */{size}").parse().ok());
        if let Some(range) = range {
            response.headers_mut().insert(CONTENT_RANGE, range);
        }
        response
    }
}
