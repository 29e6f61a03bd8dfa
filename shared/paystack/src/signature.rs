use std::fmt;

use ring::hmac;
use secrecy::ExposeSecret;

use crate::settings::WebhookKeys;

/// The signature does not belong to the body. Deliberately says no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the webhook is not signed with our key")]
pub struct BadSignature;

/// Checks that a webhook comes from Paystack: `x-paystack-signature` is the HMAC-SHA512 of the raw
/// body under the secret key, in hex.
#[derive(Clone)]
pub struct WebhookVerifier {
    keys: Vec<hmac::Key>,
}

impl fmt::Debug for WebhookVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookVerifier")
            .field("keys", &self.keys.len())
            .finish()
    }
}

impl WebhookVerifier {
    /// Accepts the present key and, while one is being replaced, the previous one.
    pub fn new(keys: &WebhookKeys) -> Self {
        let secrets = [Some(&keys.current), keys.previous.as_ref()];
        let key = |secret: &str| hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes());
        Self {
            keys: secrets
                .into_iter()
                .flatten()
                .map(|s| key(s.expose_secret()))
                .collect(),
        }
    }

    /// Checks the signature over the body exactly as it was received; a body that was parsed and
    /// written again is another body. Compares in constant time.
    ///
    /// The header is documented as lowercase hex. Uppercase is accepted too: both name the same
    /// bytes, and it is bytes that are compared, so this lets nobody in who lacks the key.
    ///
    /// # Errors
    /// [`BadSignature`], whatever is wrong.
    pub fn verify(&self, raw_body: &[u8], signature_header: &str) -> Result<(), BadSignature> {
        let tag = hex::decode(signature_header).map_err(|_| BadSignature)?;
        let genuine = self
            .keys
            .iter()
            .any(|key| hmac::verify(key, raw_body, &tag).is_ok());
        if !genuine {
            settings::unknown_to("PAYSTACK_SECRET_KEY");
        }
        genuine.then_some(()).ok_or(BadSignature)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BODY: &[u8] = br#"{"event":"charge.success","data":{"reference":"ord_0001","amount":250000,"currency":"NGN","status":"success"}}"#;
    const SIGNATURE: &str = "68848f1871fcfc3263dda8ca16bb346c4a669c13f43a4c2b6faa6456b13b1d9337b7e9fa7a24fc20418b6d8a187428d3f5ad41735ff9b4b733c120ecb13bb33c";

    fn verifier(current: &'static str, previous: Option<&'static str>) -> WebhookVerifier {
        let settings = settings::read_from(
            move |name| match name {
                "PAYSTACK_SECRET_KEY" => Some(current.to_owned()),
                "PAYSTACK_PREVIOUS_SECRET_KEY" => previous.map(str::to_owned),
                _ => None,
            },
            WebhookKeys::read,
        );
        WebhookVerifier::new(&settings.unwrap())
    }

    #[test]
    fn the_reference_vector_is_accepted() {
        assert_eq!(
            verifier("sk_test_abc123", None).verify(BODY, SIGNATURE),
            Ok(())
        );
    }

    #[test]
    fn uppercase_hex_names_the_same_bytes_and_is_accepted() {
        let upper = SIGNATURE.to_uppercase();
        assert_eq!(
            verifier("sk_test_abc123", None).verify(BODY, &upper),
            Ok(())
        );
    }

    #[test]
    fn the_previous_key_is_accepted_while_it_is_set() {
        let rotating = verifier("sk_test_new", Some("sk_test_abc123"));
        assert_eq!(rotating.verify(BODY, SIGNATURE), Ok(()));
        assert_eq!(
            verifier("sk_test_new", None).verify(BODY, SIGNATURE),
            Err(BadSignature)
        );
    }

    #[test]
    fn signatures_of_the_wrong_form_are_refused() {
        let verifier = verifier("sk_test_abc123", None);
        let half = &SIGNATURE[..64];
        let odd = &SIGNATURE[..127];
        let long = format!("{SIGNATURE}00");
        let spaced = format!(" {SIGNATURE}");
        let prefixed = format!("sha512={SIGNATURE}");
        for bad in ["", "zz", half, odd, &long, &spaced, &prefixed, "ééé"] {
            assert_eq!(verifier.verify(BODY, bad), Err(BadSignature), "{bad}");
        }
    }

    #[test]
    fn a_body_that_was_written_again_is_another_body() {
        let verifier = verifier("sk_test_abc123", None);
        let value: serde_json::Value = serde_json::from_slice(BODY).unwrap();
        let pretty = serde_json::to_vec_pretty(&value).unwrap();
        assert_eq!(verifier.verify(&pretty, SIGNATURE), Err(BadSignature));
        let escaped = String::from_utf8(BODY.to_vec())
            .unwrap()
            .replace("ord_", "\\u006frd_");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&escaped).unwrap(),
            value
        );
        assert_eq!(
            verifier.verify(escaped.as_bytes(), SIGNATURE),
            Err(BadSignature)
        );
    }

    proptest! {
        #[test]
        fn a_single_bit_flipped_anywhere_is_refused(bit in 0..(BODY.len() + 64) * 8) {
            let mut body = BODY.to_vec();
            let mut tag = hex::decode(SIGNATURE).unwrap();
            let (byte, mask) = (bit / 8, 1_u8 << (bit % 8));
            match body.get_mut(byte) {
                Some(target) => *target ^= mask,
                None => tag[byte - BODY.len()] ^= mask,
            }
            let verifier = verifier("sk_test_abc123", Some("sk_test_old"));
            prop_assert_eq!(verifier.verify(&body, &hex::encode(tag)), Err(BadSignature));
        }

        #[test]
        fn a_body_cut_short_or_made_longer_is_refused(cut in 0..BODY.len(), more: u8) {
            let verifier = verifier("sk_test_abc123", None);
            prop_assert_eq!(verifier.verify(&BODY[..cut], SIGNATURE), Err(BadSignature));
            let longer = [BODY, &[more]].concat();
            prop_assert_eq!(verifier.verify(&longer, SIGNATURE), Err(BadSignature));
        }

        #[test]
        fn another_key_is_refused(key in "[a-z0-9]{1,40}") {
            prop_assume!(key != "abc123");
            let key: &'static str = Box::leak(format!("sk_test_{key}").into_boxed_str());
            prop_assert_eq!(verifier(key, None).verify(BODY, SIGNATURE), Err(BadSignature));
        }

        #[test]
        fn any_header_is_answered_without_panic(header in "\\PC*") {
            let answer = verifier("sk_test_abc123", None).verify(BODY, &header);
            prop_assert_eq!(answer, Err(BadSignature));
        }
    }
}
