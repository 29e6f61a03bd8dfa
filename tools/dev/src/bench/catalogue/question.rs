//! What is asked of the catalogue: the same of every size, about products that every size has.

use std::collections::BTreeSet;

use anyhow::Context as _;
use catalog::{Filters, OptionName, OptionValue, SearchText, Sort};
use domain::Slug;
use url::form_urlencoded::Serializer;

use super::databases::Catalogue;

/// What a customer looks for.
#[derive(Debug, Clone, Default)]
struct Wish {
    text: Option<String>,
    category: Option<&'static str>,
    prices: Option<(i64, i64)>,
    option: Option<(&'static str, &'static str)>,
    in_stock: bool,
    sort: Option<Sort>,
}

/// What is asked.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// A page of a list, the first one.
    List(Filters, Option<Sort>),
    /// The page ten thousand of a list, or the last where there are fewer.
    FarPage(Filters, Option<Sort>),
    /// What a list could be narrowed to.
    Facets(Filters),
    /// A product's page.
    Product(Slug),
    /// The tree of categories.
    Tree,
}

/// A question, and the address at which a function answers it.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) name: &'static str,
    pub(super) act: Act,
    pub(super) target: Option<String>,
}

/// Products and words that are asked about.
pub(super) struct Subjects {
    slug: Slug,
    sku: String,
    brand: String,
}

impl Subjects {
    /// Taken from the smallest catalogue: the larger ones begin with the same products.
    pub(super) async fn find(smallest: &Catalogue) -> anyhow::Result<Self> {
        let mut connection = smallest.connect().await?;
        let (slug, name, sku): (String, String, String) = sqlx::query_as(
            "SELECT p.slug, p.name, v.sku
             FROM products p JOIN variants v ON v.product_id = p.id
             WHERE p.status = 'published' AND p.published_at <= now() AND v.archived_at IS NULL
               AND p.lowest_price IS NOT NULL AND p.name ~ '^[A-Z][a-z]{5} '
               AND p.created_at > '2025-06-01'
               AND (SELECT count(*) FROM variants o WHERE o.product_id = p.id) >= 4
             ORDER BY p.created_at, v.position LIMIT 1",
        )
        .fetch_one(&mut connection)
        .await
        .context("no product to ask about")?;
        Ok(Self {
            slug: slug.parse()?,
            sku,
            brand: name.split(' ').next().unwrap_or_default().to_owned(),
        })
    }
}

pub(super) fn all(subjects: &Subjects) -> anyhow::Result<Vec<Question>> {
    let text = |text: &str| Wish {
        text: Some(text.to_owned()),
        ..Wish::default()
    };
    let category = Wish {
        category: Some("mens-fashion"),
        ..Wish::default()
    };
    let by_price = |wish: Wish| Wish {
        sort: Some(Sort::Price),
        ..wish
    };
    let prices = Some((1_000_000, 1_500_000));
    let option = |name, value| Wish {
        option: Some((name, value)),
        ..Wish::default()
    };
    let everything = Wish::default;
    let mut questions = vec![
        ("list, newest", everything()),
        ("list, by price", by_price(everything())),
        ("filter: category", category.clone()),
        (
            "filter: category, price range",
            Wish {
                prices,
                ..category.clone()
            },
        ),
        ("filter: category, by price", by_price(category.clone())),
        (
            "filter: price range",
            Wish {
                prices,
                ..everything()
            },
        ),
        ("filter: option", option("Size", "42")),
        (
            "filter: rare option, in stock",
            Wish {
                in_stock: true,
                ..option("Colour", "Turquoise")
            },
        ),
        (
            "filter: in stock",
            Wish {
                in_stock: true,
                ..everything()
            },
        ),
        ("search: frequent word", text("case")),
        ("search: rare word", text(&subjects.brand)),
        ("search: two words", text("leather sneakers")),
        ("search: unfinished word", text("rechargeable smartph")),
        ("search: misspelt word", text("sneekers")),
        ("search: SKU", text(&subjects.sku)),
        ("search: frequent word, by price", by_price(text("case"))),
        (
            "search: word in a category",
            Wish {
                category: category.category,
                ..text("cotton")
            },
        ),
    ]
    .into_iter()
    .map(|(name, wish)| wish.listed(name))
    .collect::<anyhow::Result<Vec<_>>>()?;
    for (name, wish) in [
        ("facets: everything", everything()),
        ("facets: category", category),
        ("facets: frequent word", text("case")),
        (
            "facets: option, in stock",
            Wish {
                in_stock: true,
                ..option("Size", "42")
            },
        ),
    ] {
        questions.push(Question {
            name,
            act: Act::Facets(wish.filters()?),
            target: None,
        });
    }
    questions.push(Question {
        name: "product page",
        act: Act::Product(subjects.slug.clone()),
        target: Some(format!("/api/products/{}", subjects.slug)),
    });
    questions.push(Question {
        name: "category tree",
        act: Act::Tree,
        target: Some("/api/categories".to_owned()),
    });
    for (name, sort) in [
        ("page 10,000, newest", None),
        ("page 10,000, by price", Some(Sort::Price)),
    ] {
        questions.push(Question {
            name,
            act: Act::FarPage(Filters::default(), sort),
            target: Some(target(&[("sort", sort.map_or("", word))])),
        });
    }
    Ok(questions)
}

impl Wish {
    fn listed(self, name: &'static str) -> anyhow::Result<Question> {
        Ok(Question {
            name,
            act: Act::List(self.filters()?, self.sort),
            target: Some(self.target()),
        })
    }

    fn filters(&self) -> anyhow::Result<Filters> {
        let option = |(name, value)| {
            let values = BTreeSet::from([OptionValue::parse(value)?]);
            anyhow::Ok((OptionName::parse(name)?, values))
        };
        Ok(Filters {
            text: self
                .text
                .as_deref()
                .map(SearchText::parse)
                .transpose()?
                .flatten(),
            category: self.category.map(str::parse).transpose()?,
            min_price: self.prices.map(|(least, _)| least),
            max_price: self.prices.map(|(_, most)| most),
            in_stock: self.in_stock,
            options: self.option.map(option).transpose()?.into_iter().collect(),
        })
    }

    fn target(&self) -> String {
        let mut query = Vec::new();
        let number = |number: i64| number.to_string();
        let (least, most) = self
            .prices
            .map_or_else(Default::default, |(l, m)| (number(l), number(m)));
        let option = self
            .option
            .map(|(name, value)| (format!("option.{name}"), value));
        query.push(("q", self.text.as_deref().unwrap_or_default()));
        query.push(("category", self.category.unwrap_or_default()));
        query.push(("min_price", &least));
        query.push(("max_price", &most));
        query.push(("in_stock", if self.in_stock { "true" } else { "" }));
        query.push(("sort", self.sort.map_or("", word)));
        if let Some((name, value)) = &option {
            query.push((name, value));
        }
        target(&query)
    }
}

/// Empty parameters count as absent, and are left out.
fn target(query: &[(&str, &str)]) -> String {
    let mut parameters = Serializer::new(String::new());
    parameters.extend_pairs(query.iter().filter(|(_, value)| !value.is_empty()));
    format!("/api/products?{}", parameters.finish())
}

const fn word(sort: Sort) -> &'static str {
    match sort {
        Sort::Relevance => "relevance",
        Sort::Newest => "newest",
        Sort::Price => "price",
        Sort::PriceDescending => "-price",
        Sort::Name => "name",
        Sort::NameDescending => "-name",
    }
}
