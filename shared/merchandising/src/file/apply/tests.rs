use super::super::shelf::Shelf;
use super::super::window::{Found, Place, Window};
use super::*;

/// A shop with the category `shoes`, that has worked these files.
fn shop(files: &[&str]) -> (Shelf, Vec<Tally>) {
    let mut shelf = Shelf::default();
    let shoes = domain::CategoryId::new();
    shelf.categories.insert("shoes".to_owned(), shoes);
    shelf.categories.insert("/shoes/".to_owned(), shoes);
    let tallies = files.iter().map(|file| work(&mut shelf, file)).collect();
    (shelf, tallies)
}

fn work(shelf: &mut Shelf, file: &str) -> Tally {
    let mut window = Window::new(Place::START, u64::try_from(file.len()).unwrap());
    window.extend(file.as_bytes());
    let header = window.take_header().unwrap().unwrap();
    let Found::Chunk(chunk) = window.take_chunk(&header).unwrap() else {
        panic!("the file has rows");
    };
    for product in shelf.products.values_mut() {
        product.was = Some(product.is.clone());
        for variant in &mut product.variants {
            variant.was = Some(variant.is.clone());
        }
    }
    Rows::read(&header, &chunk.records).apply(shelf, DateTime::UNIX_EPOCH)
}

fn codes(tally: &Tally) -> Vec<(u64, &'static str)> {
    let told = |error: &RowError| (error.line, error.code);
    tally.errors.iter().map(told).collect()
}

const SHIRT: &str = "slug,name,category,option1_name,option1_value,sku,price\n\
    shirt,Shirt,shoes,Size,M,S-M,10.00\n\
    shirt,,,,L,S-L,11.00\n";

#[test]
fn a_product_is_made_of_its_rows_and_the_same_file_again_changes_nothing() {
    let (shelf, tallies) = shop(&[SHIRT, SHIRT]);
    assert_eq!((tallies[0].created, tallies[0].rows), (2, 2));
    assert_eq!((tallies[1].unchanged, tallies[1].rows), (2, 2));
    let shirt = &shelf.products["shirt"];
    assert!(!shirt.is_changed());
    assert_eq!(shirt.is.options[0].values, ["M", "L"]);
    assert_eq!(shirt.variants[1].is.price, 1_100);
    assert_eq!(shirt.is.status, ProductStatus::Draft);
}

#[test]
fn good_rows_are_applied_and_the_others_told() {
    let file = "slug,name,category,status,option1_name,option1_value,sku,price\n\
        shirt,Shirt,shoes,,Size,M,S-M,0.00\n\
        shirt,,,,,L,S-L,11.00\n\
        shirt,,,,,L,S-L2,11.00\n\
        shirt,Other,,,,XL,S-XL,11.00\n\
        shirt,,,,,,S-N,11.00\n\
        boots,Boots,nowhere,,,,B-1,5\n\
        boots,,,,,,B-2,5\n\
        socks,Socks,/shoes,sold,,,K-1,5\n\
        Hat,Hat,shoes,,,,H-1,5\n\
        cap,Cap,shoes,,,,S-L,5\n\
        bag,,,,,,G-1,5\n";
    let (shelf, tallies) = shop(&[file]);
    assert_eq!(
        codes(&tallies[0]),
        [
            (2, "price_not_positive"),
            (4, "combination_taken"),
            (5, "differs_from_first_row"),
            (6, "required"),
            (7, "unknown_category"),
            (8, "product_failed"),
            (9, "unknown_word"),
            (10, "invalid_slug"),
            (11, "sku_taken"),
            (12, "unknown_product"),
        ]
    );
    assert_eq!((tallies[0].created, tallies[0].failed), (1, 10));
    let made: Vec<&String> = shelf.products.keys().collect();
    assert_eq!(
        made,
        ["cap", "shirt"],
        "a product is judged apart from its variants"
    );
    assert_eq!(shelf.products["shirt"].is.options[0].values, ["L"]);
}

#[test]
fn what_is_published_can_be_bought() {
    let file = "slug,name,category,status,sku,price\n\
        shirt,Shirt,shoes,published,,\n\
        boots,Boots,shoes,published,B-1,5\n";
    let (shelf, tallies) = shop(&[file]);
    assert_eq!(codes(&tallies[0]), [(2, "nothing_to_sell")]);
    assert_eq!((tallies[0].created, tallies[0].failed), (1, 1));
    assert_eq!(shelf.products["shirt"].is.status, ProductStatus::Draft);
    assert_eq!(
        shelf.products["boots"].is.published_at,
        Some(DateTime::UNIX_EPOCH)
    );
    let (_, tallies) = shop(&[file, "slug,sku,variant_status\nboots,B-1,archived\n"]);
    assert_eq!(codes(&tallies[1]), [(2, "nothing_to_sell")]);
}

#[test]
fn what_comes_back_from_the_archive_is_looked_at_first() {
    let file = |status: &str| {
        format!("slug,name,category,status,sku,price\nshirt,Shirt,shoes,{status},S-1,5\n")
    };
    let (_, tallies) = shop(&[
        &file("archived"),
        &file("published"),
        &file("draft"),
        &file("published"),
    ]);
    assert_eq!(tallies[0].created, 1, "a file may bring what is archived");
    assert_eq!(codes(&tallies[1]), [(2, "forbidden_move")]);
    assert_eq!((tallies[2].updated, tallies[3].updated), (1, 1));
}

#[test]
fn variants_may_take_each_others_places_only_one_after_the_other() {
    let swap = "slug,option1_value,sku\nshirt,L,S-M\nshirt,M,S-L\n";
    let (_, tallies) = shop(&[SHIRT, swap]);
    assert_eq!(
        codes(&tallies[1]),
        [(2, "combination_taken"), (3, "combination_taken")]
    );
    let follow = "slug,option1_value,sku\nshirt,XL,S-L\nshirt,L,S-M\n";
    let (shelf, tallies) = shop(&[SHIRT, follow]);
    assert_eq!(tallies[1].updated, 2);
    assert!(
        shelf.products["shirt"]
            .variants
            .iter()
            .all(Variant::is_moved)
    );
}

#[test]
fn an_archived_variant_makes_room_and_comes_back_under_its_sku() {
    let archive = "slug,sku,variant_status,price\nshirt,S-M,archived,\n";
    let other = "slug,option1_value,sku,price\nshirt,M,S-M2,12\n";
    let back = "slug,sku,variant_status\nshirt,S-M,active\n";
    let (_, tallies) = shop(&[SHIRT, archive, other, back]);
    assert_eq!((tallies[1].updated, tallies[2].created), (1, 1));
    assert_eq!(codes(&tallies[3]), [(2, "combination_taken")]);
}

#[test]
fn the_options_of_a_product_with_variants_are_no_matter_of_a_file() {
    let colour = "slug,option1_name,option1_value,sku,price\nshirt,Colour,Red,S-R,5\n";
    let (_, tallies) = shop(&[SHIRT, colour]);
    assert_eq!(codes(&tallies[1]), [(2, "other_options")]);
    let listed = "slug,option1_name,option1_values\nshirt,Size,S|L|M\n";
    let (shelf, tallies) = shop(&[SHIRT, listed]);
    assert_eq!(tallies[1].updated, 1);
    assert_eq!(
        shelf.products["shirt"].is.options[0].values,
        ["S", "L", "M"]
    );
    let case = "slug,option1_value,sku,price\nshirt,m,S-R,5\n";
    let (_, tallies) = shop(&[SHIRT, case]);
    assert_eq!(codes(&tallies[1]), [(2, "repeated_value")]);
}

#[test]
fn a_price_stays_in_its_products_currency_and_below_what_it_was() {
    let dollars = "slug,currency,sku,price\nshirt,USD,S-M,5\n";
    let (_, tallies) = shop(&[SHIRT, dollars]);
    assert_eq!(codes(&tallies[1]), [(2, "wrong_currency")]);
    let before = "slug,sku,compare_at_price\nshirt,S-M,10.00\nshirt,S-L,11.01\n";
    let (shelf, tallies) = shop(&[SHIRT, before]);
    assert_eq!(codes(&tallies[1]), [(2, "compare_at_not_above_price")]);
    assert_eq!(
        shelf.products["shirt"].variants[1].is.compare_at_price,
        Some(1_101)
    );
}

#[test]
fn a_product_has_no_more_variants_than_it_may() {
    let mut file = "slug,name,category,option1_name,option1_value,sku,price\n".to_owned();
    for number in 0..=MOST_VARIANTS {
        let name = if number == 0 {
            "Shirt,shoes,Size"
        } else {
            ",,"
        };
        file.push_str(&format!("shirt,{name},{number},S-{number},5\n"));
    }
    let (_, tallies) = shop(&[&file]);
    let last = u64::try_from(MOST_VARIANTS).unwrap() + 2;
    assert!(
        codes(&tallies[0]).contains(&(last, "too_many_variants")),
        "{:?}",
        tallies[0].errors
    );
    assert_eq!(tallies[0].failed, 1);
}

#[test]
fn a_sku_twice_in_a_file_is_one_variant_that_is_changed() {
    let twice = "slug,name,category,sku,price\nshirt,Shirt,shoes,S-1,5\nshirt,,,s-1,6\n";
    let (shelf, tallies) = shop(&[twice]);
    assert_eq!((tallies[0].created, tallies[0].updated), (1, 1));
    assert_eq!(shelf.products["shirt"].variants[0].is.price, 600);
}
