use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn key(byte: u8) -> String {
    STANDARD.encode([byte; 32])
}

fn sealer(keys: &str) -> Sealer {
    Sealer::new(&Keys::parse(keys).unwrap()).unwrap()
}

fn place<'a>(table: &'a str, column: &'a str, row: &'a [u8]) -> Place<'a> {
    Place { table, column, row }
}

#[test]
fn a_value_opens_at_its_place_and_nowhere_else() {
    let sealer = sealer(&format!("k1:{}", key(1)));
    let home = place("orders", "customer", b"row-1");
    let sealed = sealer.seal(home, &"Ada").unwrap();
    assert_eq!(sealer.open::<String>(home, &sealed).unwrap(), "Ada");
    let elsewhere = [
        place("payments", "customer", b"row-1"),
        place("orders", "delivery", b"row-1"),
        place("orders", "customer", b"row-2"),
    ];
    for other in elsewhere {
        assert!(matches!(
            sealer.open::<String>(other, &sealed),
            Err(SealingError::Broken)
        ));
    }
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let sealer = sealer(&format!("k1:{}", key(1)));
    let home = place("orders", "customer", b"row-1");
    let sealed = sealer.seal(home, &"Ada").unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(sealer.open::<String>(home, &changed).is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(
            sealer.open::<String>(home, &sealed[..length]).is_err(),
            "length {length}"
        );
    }
}

#[test]
fn after_rotation_the_new_key_seals_and_the_old_one_still_opens_and_finds() {
    let old = sealer(&format!("k1:{}", key(1)));
    let both = sealer(&format!("k2:{},k1:{}", key(2), key(1)));
    let new = sealer(&format!("k2:{}", key(2)));
    let home = place("orders", "customer", b"row-1");
    let before = old.seal(home, &"Ada").unwrap();
    let after = both.seal(home, &"Ada").unwrap();
    assert_eq!(both.open::<String>(home, &before).unwrap(), "Ada");
    assert_eq!(new.open::<String>(home, &after).unwrap(), "Ada");
    assert!(matches!(
        new.open::<String>(home, &before),
        Err(SealingError::UnknownKey)
    ));
    let written_before = old.index("email", "ada@example.com");
    assert!(
        both.indexes("email", "ada@example.com")
            .contains(&written_before)
    );
    assert_ne!(
        old.index("phone", "ada@example.com"),
        written_before,
        "purposes are apart"
    );
}

#[test]
fn keys_are_checked_and_never_shown() {
    for (text, error) in [
        ("", KeyError::Form),
        ("k1", KeyError::Form),
        ("k1:!!!", KeyError::Form),
        ("k1:c2hvcnQ=", KeyError::Length),
    ] {
        assert_eq!(Keys::parse(text).err(), Some(error), "{text}");
    }
    let twice = format!("k1:{},k1:{}", key(1), key(2));
    assert_eq!(Keys::parse(&twice).err(), Some(KeyError::Twice));
    assert_eq!(
        format!("{:?}", sealer(&format!("k1:{}", key(1)))),
        r#"["k1"]"#
    );
}

#[test]
fn a_derived_token_opens_its_subject_only_and_survives_rotation() {
    let keys = |text: String| SecretKeys::new(&Keys::parse(&text).unwrap(), "guest order 1");
    let old = keys(format!("k1:{}", key(1)));
    let both = keys(format!("k2:{},k1:{}", key(2), key(1)));
    let token = old.token(b"order 1");
    assert!(old.opens(b"order 1", &token) && both.opens(b"order 1", &token));
    assert!(!old.opens(b"order 2", &token));
    assert!(!old.opens(b"order 1", "") && !old.opens(b"order 1", &token[1..]));
    assert_ne!(both.token(b"order 1"), token);
}

#[test]
fn a_signature_counts_for_its_message_and_the_key_that_it_names_and_for_nothing_else() {
    let keys = |text: String| SecretKeys::new(&Keys::parse(&text).unwrap(), "tokens 1");
    let old = keys(format!("k1:{}", key(1)));
    let both = keys(format!("k2:{},k1:{}", key(2), key(1)));
    let signature = old.sign(b"message");
    assert_eq!((old.key_id(), both.key_id()), ("k1", "k2"));
    assert_eq!(both.verify("k1", b"message", signature.as_ref()), Ok(()));
    let wrong = Err(SignatureError::Wrong);
    assert_eq!(both.verify("k2", b"message", signature.as_ref()), wrong);
    assert_eq!(both.verify("k1", b"massage", signature.as_ref()), wrong);
    assert_eq!(both.verify("k1", b"message", &[]), wrong);
    let unknown = Err(SignatureError::UnknownKey);
    assert_eq!(both.verify("k3", b"message", signature.as_ref()), unknown);
    let other_purpose =
        SecretKeys::new(&Keys::parse(&format!("k1:{}", key(1))).unwrap(), "guests 1");
    assert_eq!(
        other_purpose.verify("k1", b"message", signature.as_ref()),
        wrong
    );
}
