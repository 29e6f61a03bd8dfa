//! The providers' signatures, as the receiver checks them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// `x-paystack-signature`: lower-case hexadecimal HMAC-SHA512 over the raw body, keyed with the
/// secret key of the same mode (reference/paystack.md §9.1).
pub fn paystack_signature(secret_key: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA512, secret_key.as_bytes());
    hex::encode(hmac::sign(&key, body))
}

/// `X-Twilio-Signature` for a form: base64 of HMAC-SHA1, keyed with the auth token, over the URL as
/// called and then each parameter's name and value, sorted by name; the values of a repeated name
/// are deduplicated and sorted (reference/twilio.md §4.1).
pub fn twilio_signature(auth_token: &str, url: &str, parameters: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = parameters.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut signed = url.to_owned();
    for (name, value) in sorted {
        signed.push_str(name);
        signed.push_str(value);
    }
    // Twilio's scheme is SHA-1 and cannot be chosen otherwise.
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth_token.as_bytes());
    STANDARD.encode(hmac::sign(&key, signed.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{paystack_signature, twilio_signature};

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn paystack_signs_as_the_vector_of_the_reference() {
        let body = br#"{"event":"charge.success","data":{"reference":"ord_0001","amount":250000,"currency":"NGN","status":"success"}}"#;
        assert_eq!(
            paystack_signature("sk_test_abc123", body),
            "68848f1871fcfc3263dda8ca16bb346c4a669c13f43a4c2b6faa6456b13b1d9337b7e9fa7a24fc20418b6d8a187428d3f5ad41735ff9b4b733c120ecb13bb33c"
        );
    }

    #[test]
    fn twilio_signs_as_the_official_vectors() {
        let call = form(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ]);
        for (url, signature) in [
            (
                "https://mycompany.com/myapp.php?foo=1&bar=2",
                "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
            ),
            (
                "https://mycompany.com:443/myapp.php?foo=1&bar=2",
                "kvajT1Ptam85bY51eRf/AJRuM3w=",
            ),
            (
                "http://mycompany.com:80/myapp.php?foo=1&bar=2",
                "0ZXoZLH/DfblKGATFgpif+LLRf4=",
            ),
            (
                "http://mycompany.com:1234/myapp.php?foo=1&bar=2",
                "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
            ),
        ] {
            assert_eq!(twilio_signature("12345", url, &call), signature, "{url}");
        }
    }

    #[test]
    fn twilio_signs_repeated_names_once_for_each_different_value() {
        let repeated = form(&[
            ("Sid", "CA123"),
            ("SidAccount", "AC123"),
            ("Digits", "5678"),
            ("Digits", "1234"),
            ("Digits", "1234"),
        ]);
        assert_eq!(
            twilio_signature(
                "12345",
                "https://mycompany.com/myapp.php?foo=1&bar=2",
                &repeated
            ),
            "IK+Dwps556ElfBT0I3Rgjkr1wJU="
        );
    }

    #[test]
    fn twilio_signs_a_status_callback_as_the_vector_of_the_reference() {
        let callback = form(&[
            ("AccountSid", "AC00000000000000000000000000000000"),
            ("ApiVersion", "2010-04-01"),
            ("ErrorCode", "30003"),
            ("From", "+15005550006"),
            ("MessageSid", "SM00000000000000000000000000000001"),
            ("MessageStatus", "undelivered"),
            ("SmsSid", "SM00000000000000000000000000000001"),
            ("SmsStatus", "undelivered"),
            ("To", "+2348031234567"),
        ]);
        let url = "https://shop.example.com/webhooks/twilio/status?id=42";
        assert_eq!(
            twilio_signature("12345", url, &callback),
            "s2DMeOBgNooExz4bRTIGrdJpyiY="
        );
    }
}
