//! Options of products as staff send them.

use domain::{Fault as _, OptionName, OptionValue, OptionWish, ProductOption, ProductOptions};
use edge::{Field, FieldErrors, Unknown};
use serde::Deserialize;
use utoipa::ToSchema;

/// What variants differ in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ProductOptionInput)]
pub struct OptionBody {
    /// Its name; no two of a product are alike but for their case.
    #[schema(value_type = String, min_length = 1, max_length = 60, example = "Size", required)]
    name: Field<String>,
    /// What it can be, in the order in which it is shown.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 100, required)]
    values: Field<Vec<Field<String>>>,
    /// What it was called, where a change gives it another name: the variants keep their values.
    #[schema(value_type = Option<String>, nullable = false, max_length = 60)]
    renamed_from: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl OptionBody {
    fn check(self, errors: &mut FieldErrors) -> Option<OptionWish> {
        errors.refuse_unknown(&self.unknown);
        let name = errors.required("name", self.name, |text| OptionName::parse(&text));
        let renamed_from = errors.optional("renamed_from", self.renamed_from, |text| {
            OptionName::parse(&text)
        });
        Some(OptionWish {
            option: ProductOption {
                name: name?,
                values: values(errors, self.values)?,
            },
            renamed_from,
        })
    }
}

fn values(errors: &mut FieldErrors, field: Field<Vec<Field<String>>>) -> Option<Vec<OptionValue>> {
    let value = |text: String, errors: &mut FieldErrors| {
        let note =
            |fault: domain::ProductWordError| errors.push("", fault.code(), fault.to_string());
        OptionValue::parse(&text).map_err(note).ok()
    };
    errors.list("values", field, 1..=ProductOptions::MOST_VALUES, value)
}

/// All options of a product. None where the field is not there, or at fault.
pub fn options(
    errors: &mut FieldErrors,
    field: Field<Vec<Field<OptionBody>>>,
) -> Option<Vec<OptionWish>> {
    if matches!(field, Field::Absent) {
        return None;
    }
    let wishes = errors.list(
        "options",
        field,
        0..=ProductOptions::MOST,
        OptionBody::check,
    )?;
    // What they are together is judged here as well, so that it is told with the other faults.
    let together = wishes.iter().map(|wish| wish.option.clone()).collect();
    if let Err(error) = ProductOptions::new(together) {
        errors.push("options", error.code(), error.to_string());
    }
    Some(wishes)
}
