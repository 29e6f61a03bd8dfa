use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::Value;

use crate::error::PaystackError;

/// A JSON object read by name, forgiving what Paystack is known to vary: numbers as text, empty
/// text, `{}` or `0` for nothing, and dates in two spellings. What decides about money is still
/// demanded to be there and whole.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a Value);

impl<'a> Fields<'a> {
    /// A member that is an object; anything else reads as an empty one.
    pub(crate) fn object(self, name: &str) -> Self {
        Self(self.raw(name).unwrap_or(&Value::Null))
    }

    pub(crate) fn raw(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Non-empty text; a number counts as its digits.
    pub(crate) fn text(self, name: &str) -> Option<String> {
        match self.raw(name)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            Value::String(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Array(_)
            | Value::Object(_) => None,
        }
    }

    pub(crate) fn private_text(self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A UTC time under the first of the names that has one.
    pub(crate) fn time(self, names: &[&str]) -> Option<DateTime<Utc>> {
        names.iter().find_map(|name| {
            let text = self.raw(name)?.as_str()?;
            Some(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc))
        })
    }

    pub(crate) fn required_text(self, name: &'static str) -> Result<String, PaystackError> {
        self.text(name)
            .ok_or(PaystackError::Undecodable { what: name })
    }

    pub(crate) fn required<T: TryFrom<i128>>(self, name: &'static str) -> Result<T, PaystackError> {
        self.raw(name)
            .and_then(integer)
            .ok_or(PaystackError::Undecodable { what: name })
    }

    /// A number that may be missing, null or empty text, but not nonsense: a sum that cannot be
    /// read must not pass for one that was not sent.
    pub(crate) fn optional<T: TryFrom<i128>>(
        self,
        name: &'static str,
    ) -> Result<Option<T>, PaystackError> {
        match self.raw(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(value) => integer(value)
                .map(Some)
                .ok_or(PaystackError::Undecodable { what: name }),
        }
    }
}

/// A whole number, written as a JSON number or as its digits in text. Fractions are refused, not
/// rounded: an amount with a fraction may be naira where kobo were expected.
pub(crate) fn integer<T: TryFrom<i128>>(value: &Value) -> Option<T> {
    let wide = match value {
        Value::Number(number) => number
            .as_u64()
            .map(i128::from)
            .or_else(|| number.as_i64().map(i128::from)),
        Value::String(text) => text.trim().parse::<i128>().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    T::try_from(wide?).ok()
}

/// `status` of an envelope: a boolean, or the texts seen in its place.
pub(crate) fn yes_or_no(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(yes) => Some(*yes),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "success" => Some(true),
            "false" | "error" | "failed" => Some(false),
            _ => None,
        },
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `metadata` comes back as the object, as the same in text, or as `""`, `0` or null for none.
pub(crate) fn metadata(value: Option<&Value>) -> Option<Value> {
    match value? {
        Value::Object(_) | Value::Array(_) => value.cloned(),
        Value::String(text) if !text.trim().is_empty() => {
            Some(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())))
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn a_whole_number_reads_the_same_as_number_and_as_text(number: i64) {
            prop_assert_eq!(integer::<i64>(&json!(number)), Some(number));
            prop_assert_eq!(integer::<i64>(&json!(number.to_string())), Some(number));
            prop_assert_eq!(integer::<u64>(&json!(number)), u64::try_from(number).ok());
        }

        #[test]
        fn an_id_keeps_all_of_its_64_bits(id: u64) {
            prop_assert_eq!(integer::<u64>(&json!(id)), Some(id));
            prop_assert_eq!(integer::<u64>(&json!(format!(" {id} "))), Some(id));
        }

        #[test]
        fn a_written_fraction_is_refused(whole: i32, fraction in 0_u32..1000) {
            let text = format!("{whole}.{fraction}");
            prop_assert_eq!(integer::<i64>(&json!(text)), None);
            let number: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(integer::<i64>(&number), None);
        }

        #[test]
        fn any_text_reads_as_its_number_or_not_at_all(text in "\\PC*") {
            let expected = text.trim().parse::<i64>().ok();
            prop_assert_eq!(integer::<i64>(&json!(text)), expected);
        }
    }

    #[test]
    fn nothing_else_is_a_number() {
        for value in [
            json!(null),
            json!(true),
            json!([]),
            json!({}),
            json!(""),
            json!("12k"),
        ] {
            assert_eq!(integer::<i64>(&value), None, "{value}");
        }
    }

    #[test]
    fn an_optional_sum_may_be_absent_but_not_nonsense() {
        let value = json!({"null": null, "empty": "", "text": "300", "odd": {}, "part": 1.5});
        let fields = Fields(&value);
        for absent in ["missing", "null", "empty"] {
            assert_eq!(fields.optional::<i64>(absent).unwrap(), None);
        }
        assert_eq!(fields.optional::<i64>("text").unwrap(), Some(300));
        for nonsense in ["odd", "part"] {
            assert!(fields.optional::<i64>(nonsense).is_err());
        }
    }

    #[test]
    fn a_time_is_found_in_either_spelling_even_beside_a_null_one() {
        let value = json!({"paid_at": null, "paidAt": "2024-08-22T09:15:02.000Z"});
        let time = Fields(&value).time(&["paid_at", "paidAt"]).unwrap();
        assert_eq!(time.timestamp(), 1_724_318_102);
        assert_eq!(Fields(&json!({"paid_at": "soon"})).time(&["paid_at"]), None);
    }

    #[test]
    fn metadata_is_read_in_each_of_its_forms() {
        let object = json!({"order": "1"});
        assert_eq!(metadata(Some(&object)), Some(object.clone()));
        assert_eq!(metadata(Some(&json!(object.to_string()))), Some(object));
        assert_eq!(
            metadata(Some(&json!("just words"))),
            Some(json!("just words"))
        );
        for nothing in [json!(""), json!(0), json!(null)] {
            assert_eq!(metadata(Some(&nothing)), None);
        }
        assert_eq!(metadata(None), None);
    }

    #[test]
    fn status_is_read_as_boolean_or_text() {
        for (value, expected) in [
            (json!(true), Some(true)),
            (json!("success"), Some(true)),
            (json!("true"), Some(true)),
            (json!(false), Some(false)),
            (json!("false"), Some(false)),
            (json!(1), None),
            (json!("perhaps"), None),
        ] {
            assert_eq!(yes_or_no(&value), expected);
        }
    }
}
