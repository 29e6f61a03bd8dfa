use std::collections::BTreeSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};
use secrecy::ExposeSecret;
use url::Url;

use crate::settings::TwilioSettings;

/// The query parameter that binds a JSON body to the signed address.
const BODY_HASH: &str = "bodySHA256";

/// The signature does not belong to the request. Deliberately says no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the callback is not signed with our token")]
pub struct BadSignature;

/// Checks that a callback comes from Twilio: `X-Twilio-Signature` is the HMAC-SHA1 of the address
/// and the form's parameters under the account's primary token, in base64.
#[derive(Clone)]
pub struct CallbackVerifier {
    key: hmac::Key,
}

impl fmt::Debug for CallbackVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackVerifier").finish_non_exhaustive()
    }
}

impl CallbackVerifier {
    /// A verifier with the account's token.
    pub fn new(settings: &TwilioSettings) -> Self {
        let token = settings.auth_token.expose_secret();
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes()),
        }
    }

    /// Checks a callback with a form body.
    ///
    /// `url` is the address as Twilio called it: our public base from the settings, with the path
    /// and the query exactly as received; never one made from the `Host` header. `parameters` are
    /// *all* of the form's, decoded, empty and unknown ones included.
    ///
    /// # Errors
    /// [`BadSignature`], whatever is wrong.
    pub fn verify_form(
        &self,
        url: &str,
        parameters: &[(String, String)],
        signature_header: &str,
    ) -> Result<(), BadSignature> {
        // A name that repeats has its values sorted, each once.
        let sorted: BTreeSet<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let suffix: String = sorted
            .into_iter()
            .flat_map(|(name, value)| [name, value])
            .collect();
        self.verify(url, &suffix, signature_header)
    }

    /// Checks a callback with a JSON body: its hash stands in the address, which is signed.
    ///
    /// # Errors
    /// [`BadSignature`], whatever is wrong; also if the address holds no hash or several.
    pub fn verify_json(
        &self,
        url: &str,
        raw_body: &[u8],
        signature_header: &str,
    ) -> Result<(), BadSignature> {
        let parsed = Url::parse(url).map_err(|_| BadSignature)?;
        let mut hashes = parsed.query_pairs().filter(|(name, _)| name == BODY_HASH);
        let (_, hash) = hashes.next().ok_or(BadSignature)?;
        let hash = hex::decode(&*hash).map_err(|_| BadSignature)?;
        let expected = digest::digest(&digest::SHA256, raw_body);
        if hashes.next().is_some() || hash != expected.as_ref() {
            return Err(BadSignature);
        }
        self.verify(url, "", signature_header)
    }

    /// Tries the address as it is and, as Twilio's own libraries do, with its default port added
    /// or removed. Compares in constant time.
    fn verify(&self, url: &str, suffix: &str, header: &str) -> Result<(), BadSignature> {
        let tag = STANDARD.decode(header).map_err(|_| BadSignature)?;
        let genuine = spellings(url)
            .iter()
            .any(|url| hmac::verify(&self.key, format!("{url}{suffix}").as_bytes(), &tag).is_ok());
        if genuine { Ok(()) } else { Err(BadSignature) }
    }
}

/// The address as given, and with its default port put in or left out. Cut by hand, since a parser
/// would also normalise what must stay as it was signed.
fn spellings(url: &str) -> Vec<String> {
    let mut spellings = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else {
        return spellings;
    };
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return spellings,
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    // The colons of an IPv6 address stand before its closing bracket.
    let has_port = host
        .rsplit_once(']')
        .map_or(host, |(_, after)| after)
        .contains(':');
    match authority.strip_suffix(port) {
        Some(without) => spellings.push(format!("{scheme}://{without}{path}")),
        None if !has_port => spellings.push(format!("{scheme}://{authority}{port}{path}")),
        None => {}
    }
    spellings
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const CALL: [(&str, &str); 5] = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ];

    fn verifier() -> CallbackVerifier {
        let settings = settings::read_from(
            |name| {
                let value = match name {
                    "TWILIO_ACCOUNT_SID" => "AC00000000000000000000000000000000",
                    "TWILIO_AUTH_TOKEN" => "12345",
                    "TWILIO_PHONE_NUMBER" => "+15005550006",
                    _ => return None,
                };
                Some(value.to_owned())
            },
            TwilioSettings::read,
        );
        CallbackVerifier::new(&settings.unwrap())
    }

    fn owned(parameters: &[(&str, &str)]) -> Vec<(String, String)> {
        parameters
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    }

    fn form(url: &str, parameters: &[(&str, &str)], signature: &str) -> Result<(), BadSignature> {
        verifier().verify_form(url, &owned(parameters), signature)
    }

    #[test]
    fn twilios_own_form_vectors_are_accepted() {
        for (url, signature) in [
            (PLAIN, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
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
            (
                "https://user:pass@mycompany.com/myapp.php?foo=1&bar=2",
                "CukzLTc1tT5dXEDIHm/tKBanW10=",
            ),
        ] {
            assert_eq!(form(url, &CALL, signature), Ok(()), "{url}");
        }
    }

    #[test]
    fn a_name_that_repeats_has_each_value_once_in_order() {
        let parameters = [
            ("Sid", "CA123"),
            ("SidAccount", "AC123"),
            ("Digits", "5678"),
            ("Digits", "1234"),
            ("Digits", "1234"),
        ];
        assert_eq!(
            form(PLAIN, &parameters, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
            Ok(())
        );
    }

    #[test]
    fn a_status_callback_is_accepted_and_its_order_does_not_matter() {
        let mut parameters = vec![
            ("AccountSid", "AC00000000000000000000000000000000"),
            ("ApiVersion", "2010-04-01"),
            ("ErrorCode", "30003"),
            ("From", "+15005550006"),
            ("MessageSid", "SM00000000000000000000000000000001"),
            ("MessageStatus", "undelivered"),
            ("SmsSid", "SM00000000000000000000000000000001"),
            ("SmsStatus", "undelivered"),
            ("To", "+2348031234567"),
        ];
        let url = "https://shop.example.com/webhooks/twilio/status?id=42";
        assert_eq!(
            form(url, &parameters, "s2DMeOBgNooExz4bRTIGrdJpyiY="),
            Ok(())
        );
        parameters.reverse();
        assert_eq!(
            form(url, &parameters, "s2DMeOBgNooExz4bRTIGrdJpyiY="),
            Ok(())
        );
        parameters[0].1 = "+2348031234568";
        assert_eq!(
            form(url, &parameters, "s2DMeOBgNooExz4bRTIGrdJpyiY="),
            Err(BadSignature)
        );
    }

    #[test]
    fn the_default_port_may_be_said_or_not() {
        let with_port = "https://mycompany.com:443/myapp.php?foo=1&bar=2";
        assert_eq!(
            form(with_port, &CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            Ok(())
        );
        assert_eq!(form(PLAIN, &CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="), Ok(()));
        assert_eq!(
            spellings("https://[::1]/x"),
            ["https://[::1]/x", "https://[::1]:443/x"]
        );
        assert_eq!(
            spellings("http://[::1]:80?x"),
            ["http://[::1]:80?x", "http://[::1]?x"]
        );
        assert_eq!(
            spellings("https://u:p@h/x"),
            ["https://u:p@h/x", "https://u:p@h:443/x"]
        );
        assert_eq!(spellings("http://h:8080/x").len(), 1);
        assert_eq!(spellings("nonsense").len(), 1);
    }

    #[test]
    fn twilios_own_json_vectors_are_accepted_and_bind_the_body() {
        let body = br#"{"property": "value", "boolean": true}"#;
        let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        for (query, signature) in [
            ("foo=1&bar=2&", "a9nBmqA0ju/hNViExpshrM61xv4="),
            ("", "y77kIzt2vzLz71DgmJGsen2scGs="),
        ] {
            let url = format!("https://mycompany.com/myapp.php?{query}bodySHA256={hash}");
            assert_eq!(verifier().verify_json(&url, body, signature), Ok(()));
            let other = br#"{"property": "value", "boolean": false}"#;
            assert_eq!(
                verifier().verify_json(&url, other, signature),
                Err(BadSignature)
            );
        }
        let without = verifier().verify_json(PLAIN, body, "a9nBmqA0ju/hNViExpshrM61xv4=");
        assert_eq!(without, Err(BadSignature));
    }

    proptest! {
        #[test]
        fn a_bit_flipped_in_the_signature_is_refused(bit in 0_usize..160) {
            let mut tag = STANDARD.decode("RSOYDt4T1cUTdK1PDd93/VVr8B8=").unwrap();
            tag[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(form(PLAIN, &CALL, &STANDARD.encode(tag)), Err(BadSignature));
        }

        #[test]
        fn a_changed_parameter_or_address_is_refused(which in 0_usize..5, value in "\\PC{0,20}") {
            let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
            let mut parameters = CALL;
            prop_assume!(parameters[which].1 != value);
            parameters[which].1 = &value;
            prop_assert_eq!(form(PLAIN, &parameters, signature), Err(BadSignature));
            let url = format!("{PLAIN}&x={value}");
            prop_assert_eq!(form(&url, &CALL, signature), Err(BadSignature));
        }

        #[test]
        fn nothing_from_outside_panics(url in "\\PC*", header in "\\PC*", body: Vec<u8>) {
            prop_assert!(form(&url, &CALL, &header).is_err());
            prop_assert!(verifier().verify_json(&url, &body, &header).is_err());
        }
    }
}
