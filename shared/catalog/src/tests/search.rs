use database::testing::TestDatabase;

use super::{names, page};
use crate::testing::{a_category, a_product};
use crate::{Filters, SearchText, Sort};

fn searching(text: &str) -> Filters {
    Filters {
        text: SearchText::parse(text).unwrap(),
        ..Filters::default()
    }
}

#[tokio::test]
async fn a_search_finds_stems_beginnings_phrases_and_exclusions() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let all = a_category(&mut connection, "All", None).await;
    for (name, description) in [
        ("Leather sandals", "Hand-made in Aba, for men."),
        ("Rubber sandals", "They look like leather."),
        ("Ankara T-shirt", "Cotton. Washed at 30 degrees."),
        ("Ọ̀fì wrapper", "Woven in Ìṣẹ́yìn."),
    ] {
        let slug = name
            .chars()
            .filter(char::is_ascii_lowercase)
            .collect::<String>();
        let product = a_product(name, all).slug(&slug).described(description);
        product.insert(&mut connection).await;
    }
    for (text, expected) in [
        ("sandal", &["Leather sandals", "Rubber sandals"][..]),
        ("SANDALS leather", &["Leather sandals", "Rubber sandals"]),
        ("leather san", &["Leather sandals", "Rubber sandals"]),
        ("rubb", &["Rubber sandals"]),
        ("sandals for", &["Leather sandals", "Rubber sandals"]),
        ("\"leather sandals\"", &["Leather sandals"]),
        ("leather -rubber", &["Leather sandals"]),
        ("rubber or ankara", &["Ankara T-shirt", "Rubber sandals"]),
        ("t-shirt", &["Ankara T-shirt"]),
        ("t-shi", &["Ankara T-shirt"]),
        ("wrap", &["Ọ̀fì wrapper"]),
        ("washing", &["Ankara T-shirt"]),
        ("the", &[]),
        ("trousers", &[]),
    ] {
        let found = page(&mut connection, &searching(text), Some(Sort::Name)).await;
        assert_eq!(names(&found.items), expected, "{text:?}");
    }
}

#[tokio::test]
async fn a_name_is_more_relevant_than_a_description() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let all = a_category(&mut connection, "All", None).await;
    let rice = a_product("Ofada rice", all);
    rice.insert(&mut connection).await;
    let bowl = a_product("Bowl", all).described("For soup and rice.");
    bowl.insert(&mut connection).await;
    let found = page(&mut connection, &searching("rice"), None).await;
    assert_eq!(names(&found.items), ["Ofada rice", "Bowl"]);
}

#[tokio::test]
async fn whatever_is_typed_is_never_an_error_of_the_database() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    for text in [
        "'",
        "\"",
        "\\",
        "a:*",
        "a & | ! <->",
        "(((",
        "':*",
        "%",
        "\u{0}a",
        "²",
        "🩴",
        "- -",
        "or or",
        "\"open",
        "a\\'b",
        "ß:",
        "<3>",
        "日本語",
        "a'::tsquery; DROP TABLE products",
    ] {
        assert!(
            page(&mut connection, &searching(text), None)
                .await
                .items
                .is_empty(),
            "{text:?}"
        );
    }
}
