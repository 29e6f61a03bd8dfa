//! What the variants of a product differ in, and the combinations that there can be.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{Fault, Kind, OptionName, OptionValue};

/// Why options cannot be those of a product.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// More than a product may have.
    #[error("must be at most {} options", ProductOptions::MOST)]
    TooMany,
    /// None, or more than an option may have.
    #[error("must have 1 to {} values", ProductOptions::MOST_VALUES)]
    Values,
    /// A name that another option has, in whatever case.
    #[error("names {0} twice")]
    RepeatedName(String),
    /// A value that the option has already, in whatever case.
    #[error("has the value {0} twice")]
    RepeatedValue(String),
    /// An option cannot have been called what none is called.
    #[error("has no option {0} that could be renamed")]
    UnknownOption(String),
}

impl Fault for OptionsError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooMany => "too_many_options",
            Self::Values => "wrong_number_of_values",
            Self::RepeatedName(_) => "repeated_option",
            Self::RepeatedValue(_) => "repeated_value",
            Self::UnknownOption(_) => "unknown_option",
        }
    }
}

/// Why a combination cannot be that of a variant of a product.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CombinationError {
    /// It says nothing about an option.
    #[error("lacks the option {0}")]
    Lacks(String),
    /// It names an option that the product does not have.
    #[error("has the option {0}, which is none of the product's")]
    Unknown(String),
    /// It gives an option a value that the option does not have.
    #[error("has {value} for {option}, which is none of its values")]
    Value {
        /// The option.
        option: String,
        /// The value.
        value: String,
    },
}

impl Fault for CombinationError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "wrong_combination"
    }
}

/// Something that variants differ in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductOption {
    /// Its name.
    pub name: OptionName,
    /// What it can be, in the shop's order.
    pub values: Vec<OptionValue>,
}

/// The options of a product, in the shop's order: each name once, each value of an option once, letters'
/// case aside (two that differ only in case would be one to a customer).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ProductOptions(Vec<ProductOption>);

/// What a variant is: a value for each of its product's options.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Combination(BTreeMap<OptionName, OptionValue>);

impl Combination {
    /// A combination of these values.
    #[must_use]
    pub const fn new(values: BTreeMap<OptionName, OptionValue>) -> Self {
        Self(values)
    }

    /// Its values by option.
    #[must_use]
    pub const fn values(&self) -> &BTreeMap<OptionName, OptionValue> {
        &self.0
    }
}

impl ProductOptions {
    /// The most options of a product.
    pub const MOST: usize = 5;
    /// The most values of an option.
    pub const MOST_VALUES: usize = 100;

    /// Checks options.
    ///
    /// # Errors
    /// [`OptionsError`].
    pub fn new(options: Vec<ProductOption>) -> Result<Self, OptionsError> {
        if options.len() > Self::MOST {
            return Err(OptionsError::TooMany);
        }
        let names = options.iter().map(|option| option.name.as_str());
        if let Some(name) = repeated(names) {
            return Err(OptionsError::RepeatedName(name));
        }
        for option in &options {
            if !(1..=Self::MOST_VALUES).contains(&option.values.len()) {
                return Err(OptionsError::Values);
            }
            let values = option.values.iter().map(OptionValue::as_str);
            if let Some(value) = repeated(values) {
                return Err(OptionsError::RepeatedValue(value));
            }
        }
        Ok(Self(options))
    }

    /// The options.
    #[must_use]
    pub fn all(&self) -> &[ProductOption] {
        &self.0
    }

    /// Whether a variant of the product can be this: it has a value of each option, and nothing else.
    ///
    /// # Errors
    /// [`CombinationError`].
    pub fn allow(&self, combination: &Combination) -> Result<(), CombinationError> {
        for ProductOption { name, values } in &self.0 {
            match combination.0.get(name) {
                None => return Err(CombinationError::Lacks(name.to_string())),
                Some(value) if !values.contains(value) => {
                    return Err(CombinationError::Value {
                        option: name.to_string(),
                        value: value.to_string(),
                    });
                }
                Some(_) => {}
            }
        }
        let known = |name: &&OptionName| self.0.iter().any(|option| option.name == **name);
        match combination.0.keys().find(|name| !known(name)) {
            Some(name) => Err(CombinationError::Unknown(name.to_string())),
            None => Ok(()),
        }
    }

    /// How many combinations there can be; one where there are no options.
    #[must_use]
    pub fn count(&self) -> usize {
        let counts = self.0.iter().map(|option| option.values.len());
        counts.fold(1, usize::saturating_mul)
    }

    /// Every combination, in the order of the options and their values. Ask [`count`](Self::count)
    /// first: there can be ten thousand million.
    #[must_use]
    pub fn combinations(&self) -> Vec<Combination> {
        let none = vec![Combination::default()];
        self.0.iter().fold(none, |combinations, option| {
            let extended = |combination: &Combination| {
                let combination = combination.clone();
                option.values.iter().map(move |value| {
                    let mut values = combination.0.clone();
                    values.insert(option.name.clone(), value.clone());
                    Combination(values)
                })
            };
            combinations.iter().flat_map(extended).collect()
        })
    }
}

fn repeated<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut known = BTreeSet::new();
    texts
        .filter(|text| !known.insert(text.to_lowercase()))
        .map(str::to_owned)
        .next()
}

/// An option as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionWish {
    /// Its name and values.
    pub option: ProductOption,
    /// What it was called, where it had another name.
    pub renamed_from: Option<OptionName>,
}

/// The way from a product's options to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rearrangement {
    options: ProductOptions,
    /// For each of the new options what it was called; none for one that is new.
    former: Vec<Option<OptionName>>,
}

impl Rearrangement {
    /// The way from `present` to what is wished. An option is the one that it says it was, or the one
    /// of the same name; one that was neither is new.
    ///
    /// # Errors
    /// [`OptionsError`].
    pub fn new(present: &ProductOptions, wishes: Vec<OptionWish>) -> Result<Self, OptionsError> {
        let renamed: BTreeSet<OptionName> = wishes
            .iter()
            .filter_map(|wish| wish.renamed_from.clone())
            .collect();
        if renamed.len() < wishes.iter().filter(|w| w.renamed_from.is_some()).count() {
            let twice = wishes.iter().filter_map(|wish| wish.renamed_from.as_ref());
            let name = repeated(twice.map(OptionName::as_str)).unwrap_or_default();
            return Err(OptionsError::RepeatedName(name));
        }
        let known = |name: &OptionName| present.0.iter().any(|option| option.name == *name);
        if let Some(name) = renamed.iter().find(|name| !known(name)) {
            return Err(OptionsError::UnknownOption(name.to_string()));
        }
        let former = |wish: &OptionWish| {
            let same = || Some(wish.option.name.clone());
            let unclaimed = |name: &OptionName| known(name) && !renamed.contains(name);
            wish.renamed_from
                .clone()
                .or_else(|| same().filter(unclaimed))
        };
        Ok(Self {
            former: wishes.iter().map(former).collect(),
            options: ProductOptions::new(wishes.into_iter().map(|wish| wish.option).collect())?,
        })
    }

    /// The options at its end.
    #[must_use]
    pub const fn options(&self) -> &ProductOptions {
        &self.options
    }

    /// What becomes of a variant: what was renamed is, what was removed is gone, and of what is new it
    /// has the first value.
    #[must_use]
    pub fn carry(&self, combination: &Combination) -> Combination {
        let mut values = BTreeMap::new();
        for (option, former) in self.options.0.iter().zip(&self.former) {
            let value = match former {
                Some(name) => combination.0.get(name),
                None => option.values.first(),
            };
            if let Some(value) = value {
                values.insert(option.name.clone(), value.clone());
            }
        }
        Combination(values)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn option(name: &str, values: &[&str]) -> ProductOption {
        ProductOption {
            name: OptionName::parse(name).unwrap(),
            values: values
                .iter()
                .map(|value| OptionValue::parse(value).unwrap())
                .collect(),
        }
    }

    fn combination(values: &[(&str, &str)]) -> Combination {
        let pair = |(name, value): &(&str, &str)| {
            let name = OptionName::parse(name).unwrap();
            (name, OptionValue::parse(value).unwrap())
        };
        Combination(values.iter().map(pair).collect())
    }

    fn wish(name: &str, was: Option<&str>, values: &[&str]) -> OptionWish {
        OptionWish {
            option: option(name, values),
            renamed_from: was.map(|was| OptionName::parse(was).unwrap()),
        }
    }

    #[test]
    fn names_and_values_are_told_apart_without_their_case() {
        let twice = vec![option("Size", &["M"]), option("size", &["L"])];
        assert_eq!(
            ProductOptions::new(twice),
            Err(OptionsError::RepeatedName("size".to_owned()))
        );
        let twice = vec![option("Size", &["M", "m"])];
        assert_eq!(
            ProductOptions::new(twice),
            Err(OptionsError::RepeatedValue("m".to_owned()))
        );
        assert_eq!(
            ProductOptions::new(vec![option("Size", &[])]),
            Err(OptionsError::Values)
        );
        let names = ["a", "b", "c", "d", "e", "f"];
        let six = names.map(|name| option(name, &["x"])).to_vec();
        assert_eq!(ProductOptions::new(six), Err(OptionsError::TooMany));
    }

    #[test]
    fn a_variant_has_a_value_of_each_option_and_nothing_else() {
        let options = vec![
            option("Size", &["M", "L"]),
            option("Colour", &["Red", "Blue"]),
        ];
        let options = ProductOptions::new(options).unwrap();
        assert_eq!(
            options.allow(&combination(&[("Size", "M"), ("Colour", "Red")])),
            Ok(())
        );
        for wrong in [
            combination(&[("Size", "M")]),
            combination(&[("Size", "M"), ("Colour", "Green")]),
            combination(&[("Size", "M"), ("Colour", "Red"), ("Cut", "Slim")]),
            combination(&[("size", "M"), ("Colour", "Red")]),
        ] {
            assert!(options.allow(&wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(
            ProductOptions::default().allow(&Combination::default()),
            Ok(())
        );
    }

    #[test]
    fn variants_follow_their_options() {
        let present = vec![option("Size", &["M", "L"]), option("Colour", &["Red"])];
        let present = ProductOptions::new(present).unwrap();
        let wishes = vec![
            wish("Cut", None, &["Slim", "Wide"]),
            wish("Shade", Some("Colour"), &["Red", "Blue"]),
        ];
        let way = Rearrangement::new(&present, wishes).unwrap();
        let carried = way.carry(&combination(&[("Size", "M"), ("Colour", "Red")]));
        assert_eq!(carried, combination(&[("Cut", "Slim"), ("Shade", "Red")]));
        let swapped = vec![
            wish("Colour", Some("Size"), &["M", "L"]),
            wish("Size", Some("Colour"), &["Red"]),
        ];
        let way = Rearrangement::new(&present, swapped).unwrap();
        let carried = way.carry(&combination(&[("Size", "M"), ("Colour", "Red")]));
        assert_eq!(carried, combination(&[("Colour", "M"), ("Size", "Red")]));
        let unknown = vec![wish("Shade", Some("Hue"), &["Red"])];
        assert!(Rearrangement::new(&present, unknown).is_err());
        let twice = vec![
            wish("A", Some("Size"), &["M"]),
            wish("B", Some("Size"), &["M"]),
        ];
        assert!(Rearrangement::new(&present, twice).is_err());
    }

    proptest! {
        #[test]
        fn the_combinations_of_options_are_all_allowed_all_different_and_as_many_as_counted(
            sizes in proptest::collection::vec(1_usize..5, 0..=4)
        ) {
            let values: Vec<String> = (0..5).map(|n| format!("v{n}")).collect();
            let options: Vec<ProductOption> = sizes
                .iter()
                .enumerate()
                .map(|(index, size)| {
                    let values: Vec<&str> = values[..*size].iter().map(String::as_str).collect();
                    option(&format!("o{index}"), &values)
                })
                .collect();
            let options = ProductOptions::new(options).unwrap();
            let combinations = options.combinations();
            prop_assert_eq!(combinations.len(), options.count());
            let different: BTreeSet<_> = combinations.iter().collect();
            prop_assert_eq!(different.len(), combinations.len());
            for combination in &combinations {
                prop_assert_eq!(options.allow(combination), Ok(()));
            }
        }

        #[test]
        fn variants_stay_different_and_allowed_when_options_are_renamed_moved_added_and_extended(
            order in Just(vec![0_usize, 1, 2]).prop_shuffle(),
            renamed in proptest::collection::vec(any::<bool>(), 3),
            added in any::<bool>(),
        ) {
            let names = ["Size", "Colour", "Cut"];
            let present = names.map(|name| option(name, &["a", "b", "c"])).to_vec();
            let present = ProductOptions::new(present).unwrap();
            let mut wishes: Vec<OptionWish> = order
                .iter()
                .map(|index| {
                    let name = names[*index];
                    let other = format!("{name} 2");
                    let (name, was) = if renamed[*index] { (other.as_str(), Some(name)) } else { (name, None) };
                    wish(name, was, &["d", "c", "b", "a"])
                })
                .collect();
            if added {
                wishes.push(wish("New", None, &["x", "y"]));
            }
            let way = Rearrangement::new(&present, wishes).unwrap();
            let carried: BTreeSet<_> = present.combinations().iter().map(|c| way.carry(c)).collect();
            prop_assert_eq!(carried.len(), present.count());
            for combination in &carried {
                prop_assert_eq!(way.options().allow(combination), Ok(()));
            }
        }
    }
}
