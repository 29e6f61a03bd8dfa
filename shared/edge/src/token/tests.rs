use sealing::Keys;
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_800_000_000;

fn key(byte: u8) -> String {
    base64::engine::general_purpose::STANDARD.encode([byte; 32])
}

fn tokens(keys: &str) -> AccessTokens {
    let keys: Vec<_> = keys.split(',').collect();
    let text = keys
        .iter()
        .map(|id| format!("{id}:{}", key(id.as_bytes()[1])))
        .collect::<Vec<_>>();
    let keys = Keys::parse(&text.join(",")).unwrap();
    AccessTokens(SecretKeys::new(&keys, PURPOSE))
}

fn claims() -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        aud: "staff".to_owned(),
        sub: "ada".to_owned(),
        iat: NOW,
        nbf: NOW,
        exp: NOW + 3_600,
        jti: Uuid::from_u128(7),
        permissions: vec!["read_operations".to_owned()],
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn verify(tokens: &AccessTokens, token: &str) -> Result<Claims, TokenError> {
    tokens.verify(token, "staff", at(NOW + 60))
}

/// A token whose parts are what the test says, signed with the right key.
fn forged(tokens: &AccessTokens, header: &Value, claims: &Value) -> String {
    let signed = format!("{}.{}", encoded(header), encoded(claims));
    let signature = URL_SAFE_NO_PAD.encode(tokens.0.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn header() -> Value {
    json!({ "alg": "HS256", "typ": "at+jwt", "kid": "k1" })
}

fn changed(mut value: Value, name: &str, to: Value) -> Value {
    value[name] = to;
    value
}

#[test]
fn a_token_says_what_was_signed() {
    let tokens = tokens("k1");
    assert_eq!(verify(&tokens, &tokens.sign(&claims())), Ok(claims()));
}

/// Verified once by another implementation (PyJWT), so that it is what the RFCs say and not merely
/// what we read back ourselves.
#[test]
fn a_token_is_written_as_the_rfcs_say() {
    let expected = concat!(
        "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0.",
        "eyJpc3MiOiJtYWRydXNoIiwiYXVkIjoic3RhZmYiLCJzdWIiOiJhZGEiLCJpYXQiOjE4MDAwMDAwMDAsIm5iZiI6",
        "MTgwMDAwMDAwMCwiZXhwIjoxODAwMDAzNjAwLCJqdGkiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAw",
        "MDAwMDciLCJwZXJtaXNzaW9ucyI6WyJyZWFkX29wZXJhdGlvbnMiXX0.",
    );
    let token = tokens("k1").sign(&claims());
    assert!(token.starts_with(expected), "{token}");
    assert_eq!(token.len(), expected.len() + 43, "{token}");
}

#[test]
fn a_token_counts_from_its_beginning_to_its_end_give_or_take_ten_seconds() {
    let tokens = tokens("k1");
    let token = tokens.sign(&claims());
    let seen = |seconds| tokens.verify(&token, "staff", at(seconds)).err();
    assert_eq!(seen(NOW - 11), Some(TokenError::TooEarly));
    assert_eq!(seen(NOW - 10), None);
    assert_eq!(seen(NOW + 3_609), None);
    assert_eq!(seen(NOW + 3_610), Some(TokenError::Expired));
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let tokens = tokens("k1");
    let token = tokens.sign(&claims()).into_bytes();
    for bit in 0..token.len() * 8 {
        let mut tampered = token.clone();
        tampered[bit / 8] ^= 1 << (bit % 8);
        if let Ok(tampered) = String::from_utf8(tampered) {
            assert!(verify(&tokens, &tampered).is_err(), "bit {bit}");
        }
    }
    for length in 0..token.len() {
        let cut = std::str::from_utf8(&token[..length]).unwrap();
        assert!(verify(&tokens, cut).is_err(), "length {length}");
    }
}

#[test]
fn the_header_decides_nothing_but_which_of_our_keys() {
    let tokens = tokens("k1");
    let claims = serde_json::to_value(claims()).unwrap();
    let cases = [
        ("alg", json!("none"), TokenError::Algorithm),
        ("alg", json!("HS512"), TokenError::Algorithm),
        ("alg", json!("hs256"), TokenError::Algorithm),
        ("alg", Value::Null, TokenError::Malformed),
        ("typ", json!("JWT"), TokenError::Type),
        ("typ", json!("AT+JWT"), TokenError::Type),
        ("kid", json!("k2"), SignatureError::UnknownKey.into()),
        (
            "kid",
            json!("../../dev/null"),
            SignatureError::UnknownKey.into(),
        ),
        ("crit", json!(["exp"]), TokenError::Malformed),
        (
            "jwk",
            json!({ "kty": "oct", "k": "AA" }),
            TokenError::Malformed,
        ),
    ];
    for (name, value, expected) in cases {
        let token = forged(&tokens, &changed(header(), name, value.clone()), &claims);
        assert_eq!(verify(&tokens, &token), Err(expected), "{name} {value}");
    }
}

#[test]
fn without_a_signature_nothing_counts() {
    let tokens = tokens("k1");
    let token = tokens.sign(&claims());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let none = changed(header(), "alg", json!("none"));
    let unsigned = format!("{}.{}.", encoded(&none), encoded(&claims()));
    assert_eq!(verify(&tokens, &unsigned), Err(TokenError::Algorithm));
    for malformed in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        signed.to_owned(),
        format!("{signed}."),
        format!("{signed}.{signature}."),
        format!("{signed}.{signature}="),
        format!(" {signed}.{signature}"),
        format!("{signed}..{signature}"),
    ] {
        assert!(verify(&tokens, &malformed).is_err(), "{malformed}");
    }
}

#[test]
fn claims_are_compared_and_their_types_too() {
    let tokens = tokens("k1");
    let whole = serde_json::to_value(claims()).unwrap();
    let cases = [
        ("iss", json!("somebody"), TokenError::Issuer),
        ("aud", json!("customer"), TokenError::Audience),
        ("aud", json!(["staff"]), TokenError::Malformed),
        ("nbf", json!(NOW + 3_000), TokenError::TooEarly),
        ("iat", json!(NOW + 3_000), TokenError::TooEarly),
        ("exp", json!(NOW), TokenError::Expired),
        ("exp", json!("never"), TokenError::Malformed),
        ("exp", json!(1.0e12), TokenError::Malformed),
        ("exp", Value::Null, TokenError::Malformed),
        ("exp", json!(NOW + 25 * 3_600), TokenError::TooLong),
        ("exp", json!(i64::MAX), TokenError::TooLong),
        ("iat", json!(i64::MIN), TokenError::TooLong),
        (
            "permissions",
            json!("write_operations"),
            TokenError::Malformed,
        ),
    ];
    for (name, value, expected) in cases {
        let token = forged(
            &tokens,
            &header(),
            &changed(whole.clone(), name, value.clone()),
        );
        assert_eq!(verify(&tokens, &token), Err(expected), "{name} {value}");
    }
    for name in ["iss", "aud", "sub", "iat", "nbf", "exp", "jti"] {
        let mut without = whole.clone();
        without.as_object_mut().unwrap().remove(name);
        let token = forged(&tokens, &header(), &without);
        assert_eq!(
            verify(&tokens, &token),
            Err(TokenError::Malformed),
            "{name}"
        );
    }
    let later = changed(whole, "session", json!("of a later version"));
    assert!(verify(&tokens, &forged(&tokens, &header(), &later)).is_ok());
}

#[test]
fn after_rotation_the_new_key_signs_and_the_old_one_still_counts_until_it_is_gone() {
    let (old, both, new) = (tokens("k1"), tokens("k2,k1"), tokens("k2"));
    let before = old.sign(&claims());
    let after = both.sign(&claims());
    assert!(verify(&both, &before).is_ok() && verify(&both, &after).is_ok());
    assert!(verify(&new, &after).is_ok());
    let gone = Err(TokenError::Signature(SignatureError::UnknownKey));
    assert_eq!(verify(&new, &before), gone);
}

#[test]
fn another_key_under_the_same_id_is_another_key() {
    let other = Keys::parse(&format!("k1:{}", key(9))).unwrap();
    let other = AccessTokens(SecretKeys::new(&other, PURPOSE));
    let refused = Err(TokenError::Signature(SignatureError::Wrong));
    assert_eq!(verify(&tokens("k1"), &other.sign(&claims())), refused);
}
