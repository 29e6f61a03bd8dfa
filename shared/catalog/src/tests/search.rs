use database::testing::TestDatabase;

use super::{names, now, page, read};
use crate::testing::{a_category, a_product};
use crate::{Filters, ProductQuery, SearchText, Sort, refresh_search, scope};

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

#[tokio::test]
async fn a_search_forgives_accents_and_finds_skus_and_options() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let all = a_category(&mut connection, "All", None).await;
    let wrapper = a_product("Ọ̀fì wrapper", all).slug("adire-207");
    let wrapper = wrapper
        .described("Woven in Ìṣẹ́yìn for women's days.")
        .variant(&[("Colour", "Électric blue")], 5);
    wrapper.insert(&mut connection).await;
    a_product("Bowl", all).insert(&mut connection).await;
    for text in [
        "ofi",
        "OFI",
        "ọ̀fì",
        "Ofì",
        "iseyin",
        "Ìṣẹ́yìn",
        "womens",
        "women's",
        "women’s",
        "electric",
        "électric blue",
        "ADIRE-207-0",
        "adire-207",
        "adire 207",
        "ofi wrapper electric",
        "isey",
        "\"ofi wrapper\"",
        "days -bowl",
    ] {
        let found = page(&mut connection, &searching(text), None).await;
        assert_eq!(names(&found.items), ["Ọ̀fì wrapper"], "{text:?}");
    }
}

async fn corrected(
    connection: &mut database::PgConnection,
    text: &str,
) -> (Option<String>, Vec<String>) {
    let query = ProductQuery::new(searching(text), Some(Sort::Name), 100, None).unwrap();
    let scope = scope(connection, &query).await.unwrap();
    let page = read(connection, &query).await;
    let names = names(&page.items).into_iter().map(str::to_owned).collect();
    (scope.corrected().map(str::to_owned), names)
}

#[tokio::test]
async fn a_search_forgives_small_misspellings_and_says_so() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let all = a_category(&mut connection, "All", None).await;
    for name in ["Leather sandals", "Rubber boots", "Ankara shirt"] {
        a_product(name, all).insert(&mut connection).await;
    }
    let soon = a_product("Xylophone", all).published(now() + chrono::Duration::hours(1));
    soon.insert(&mut connection).await;
    a_product("Zucchetto", all)
        .status("draft")
        .insert(&mut connection)
        .await;
    for (text, expected, found) in [
        ("sandlas", Some("sandals"), &["Leather sandals"][..]),
        (
            "lether sandal",
            Some("leather sandal"),
            &["Leather sandals"],
        ),
        ("anakra", Some("ankara"), &["Ankara shirt"]),
        (
            "rubbr or lether",
            Some("rubber or leather"),
            &["Leather sandals", "Rubber boots"],
        ),
        // Known, unfinished, meant as it stands, too short, or not like anything.
        ("sandals", None, &["Leather sandals"]),
        ("sandal", None, &["Leather sandals"]),
        ("rubb", None, &["Rubber boots"]),
        ("\"lether\"", None, &[]),
        ("sandals -lether", None, &["Leather sandals"]),
        ("rubb3r", None, &[]),
        ("bts", None, &[]),
        ("trousers", None, &[]),
        // What is not shown yet is not told either.
        ("xylophne", None, &[]),
        ("zuchetto", None, &[]),
    ] {
        let found: Vec<String> = found.iter().map(|name| (*name).to_owned()).collect();
        let expected = (expected.map(str::to_owned), found);
        assert_eq!(corrected(&mut connection, text).await, expected, "{text:?}");
    }
}

#[tokio::test]
async fn what_a_product_is_found_by_changes_with_it() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    let all = a_category(&mut connection, "All", None).await;
    // Its SKUs begin with its slug, and are found by their parts.
    let shoes = a_product("Shoes", all).slug("thing");
    let shoes = shoes
        .variant(&[("Size", "fortytwo")], 5)
        .variant(&[("Size", "fortythree")], 6);
    let shoes = shoes.insert(&mut connection).await;
    let finds = async |connection: &mut database::PgConnection, text: &str| {
        !page(connection, &searching(text), None)
            .await
            .items
            .is_empty()
    };
    assert!(finds(&mut connection, "fortytwo").await);
    for (sql, gone, come) in [
        (
            "UPDATE products SET name = 'Slippers'",
            "\"shoes\"",
            "slippers",
        ),
        ("UPDATE products SET description = 'Soft'", "hard", "soft"),
        (
            "UPDATE variants SET archived_at = now() WHERE price = 5",
            "fortytwo",
            "fortythree",
        ),
        (
            "UPDATE variants SET sku = 'UNHEARD' WHERE price = 6",
            "fortytwo",
            "unheard",
        ),
        (
            "UPDATE variants SET options = '{\"Size\": \"huge\"}' WHERE price = 6",
            "fortythree",
            "huge",
        ),
        ("UPDATE products SET search_document = NULL", "huge", ""),
    ] {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        assert!(!finds(&mut connection, gone).await, "{gone}");
        assert!(
            come.is_empty() || finds(&mut connection, come).await,
            "{come}"
        );
    }
    refresh_search(&mut connection, shoes.id).await.unwrap();
    assert!(finds(&mut connection, "huge").await);
}
