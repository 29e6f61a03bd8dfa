use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::error::{Doubt, TwilioError};

/// An HTTP answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The JSON object of a success; everything else is sorted into an error.
    pub(crate) fn object(self) -> Result<Value, TwilioError> {
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            return Err(TwilioError::RateLimited {
                retry_after: self.retry_after,
            });
        }
        if !self.status.is_success() && !self.status.is_client_error()
            || self.status == StatusCode::REQUEST_TIMEOUT
        {
            return Err(TwilioError::Unclear {
                doubt: Doubt::Status(self.status.as_u16()),
            });
        }
        let object = serde_json::from_slice(&self.body)
            .ok()
            .filter(Value::is_object);
        let object = object.ok_or(TwilioError::undecodable("a body that is no JSON object"))?;
        if self.status.is_success() {
            Ok(object)
        } else {
            Err(refusal(self.status, &object))
        }
    }
}

/// Sorts a refusal by its code. Twilio splits codes into finer ones over time, so an unknown one of
/// the family 21xxx is a permanent fault of the message, and any other one needs a person.
fn refusal(status: StatusCode, body: &Value) -> TwilioError {
    let code = body
        .get("code")
        .and_then(Value::as_u64)
        .and_then(|code| u32::try_from(code).ok());
    match (status.as_u16(), code) {
        (_, Some(20429 | 21611)) => TwilioError::RateLimited { retry_after: None },
        (_, Some(21610)) => TwilioError::OptedOut,
        // A wrong sender, a country that is not enabled, a trial account.
        (_, Some(21212 | 21408 | 21603 | 21606 | 21608 | 30649)) => {
            TwilioError::Configuration { code }
        }
        (_, Some(20404)) => TwilioError::NotFound,
        (400, Some(permanent @ 21000..=21999)) => TwilioError::Permanent { code: permanent },
        // 20003: the account or its token is not accepted.
        (401, _) | (_, Some(20003)) => {
            settings::refused("TWILIO_AUTH_TOKEN");
            TwilioError::Configuration { code }
        }
        _ => TwilioError::Configuration { code },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Value, TwilioError> {
        let status = StatusCode::from_u16(status).unwrap();
        Answer {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
        }
        .object()
    }

    fn refused(status: u16, code: u32) -> TwilioError {
        answer(
            status,
            &format!(r#"{{"code":{code},"message":"to +2348031234567","status":{status}}}"#),
        )
        .unwrap_err()
    }

    #[test]
    fn each_documented_code_says_what_is_to_be_done() {
        use TwilioError as E;
        for code in [21211, 21612, 21614, 21617, 21635, 21658, 21999] {
            assert!(
                matches!(refused(400, code), E::Permanent { code: c } if c == code),
                "{code}"
            );
        }
        for code in [21212, 21408, 21603, 21606, 21608, 30649, 20001] {
            assert!(
                matches!(refused(400, code), E::Configuration { code: Some(c) } if c == code),
                "{code}"
            );
        }
        assert!(matches!(refused(400, 21610), E::OptedOut));
        assert!(matches!(refused(400, 21611), E::RateLimited { .. }));
        assert!(matches!(refused(429, 20429), E::RateLimited { .. }));
        assert!(matches!(refused(404, 20404), E::NotFound));
        assert!(matches!(
            refused(401, 20003),
            E::Configuration { code: Some(20003) }
        ));
    }

    #[test]
    fn an_error_without_a_code_is_no_verdict_on_the_message() {
        for body in ["{}", r#"{"code":null}"#, r#"{"code":"x"}"#] {
            let error = answer(403, body).unwrap_err();
            assert!(matches!(error, TwilioError::Configuration { code: None }));
        }
    }

    #[test]
    fn what_is_not_in_twilios_form_is_unclear() {
        for (status, body) in [
            (200, "<html>"),
            (201, "[]"),
            (400, "<html>"),
            (302, "{}"),
            (500, "{}"),
            (408, "{}"),
        ] {
            assert!(
                answer(status, body).unwrap_err().is_unclear(),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn an_error_never_holds_the_number() {
        let error = refused(400, 21211);
        assert!(!format!("{error} {error:?}").contains("803"));
    }
}
