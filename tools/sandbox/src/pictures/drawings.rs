//! The drawings, in a box of 200 by 200, filled and outlined by the group around them. `fill="none"`
//! marks details; white stands at little opacity for light.

/// Grounds of 40 by 40 that repeat.
pub(super) const PATTERNS: [&str; 6] = [
    r#"<circle cx="20" cy="20" r="7"/><circle cx="20" cy="20" r="2"/>"#,
    r#"<path d="M0 20q10-14 20 0t20 0"/><path d="M0 40q10-14 20 0t20 0"/>"#,
    r#"<path d="M20 4 36 20 20 36 4 20Z"/><path d="M20 14l6 6-6 6-6-6Z"/>"#,
    r#"<path d="M0 0l40 40M40 0 0 40"/>"#,
    r#"<path d="M4 36V24h12V12h12V0M28 40V28h12"/>"#,
    r#"<path d="M20 6v28M6 20h28M10 10l20 20M30 10 10 30"/>"#,
];

/// For slugs whose words say nothing.
pub(super) const SHAPES: [&str; 4] = [
    r#"<rect x="45" y="60" width="110" height="110" rx="10"/><path d="M45 95h110M100 60v110" fill="none"/><path d="M100 60c-40-38-58 0-6 0m6 0c40-38 58 0 6 0" fill="none"/>"#,
    r#"<path d="M100 25 165 62v76l-65 37-65-37V62Z"/><path d="M35 62l65 37 65-37M100 99v76" fill="none"/>"#,
    r#"<path d="M55 60h90l12 110H43Z"/><path d="M75 85V55a25 25 0 0 1 50 0v30" fill="none"/>"#,
    r#"<circle cx="100" cy="105" r="65"/><circle cx="100" cy="105" r="38" fill="none"/><circle cx="100" cy="105" r="8" fill="none"/>"#,
];

/// Words of a slug, and what they draw. The first match counts, so narrower words come first.
const DRAWINGS: [(&[&str], &str); 19] = [
    (
        &[
            "dress", "gown", "boubou", "kaftan", "caftan", "agbada", "abaya", "jumpsuit",
        ],
        r#"<path d="M75 28 80 60 68 85l-30 85h124l-30-85-12-25 5-32-15 10h-20Z"/><path d="M68 85h64M80 60h40M62 130q38 14 76 0" fill="none"/>"#,
    ),
    (
        &[
            "shirt", "tee", "top", "blouse", "polo", "jersey", "hoodie", "sweater", "jacket",
            "senator", "buba", "dashiki",
        ],
        r#"<path d="M70 35 30 58l14 34 18-8v88h76V84l18 8 14-34-40-23c-8 16-52 16-60 0Z"/><path d="M100 62v44M84 66h32" fill="none"/>"#,
    ),
    (
        &[
            "trouser", "trousers", "jean", "jeans", "shorts", "joggers", "skirt", "wrapper",
            "leggings",
        ],
        r#"<path d="M62 28h76l12 146h-36l-14-92-14 92H50Z"/><path d="M62 48h76M100 48v34" fill="none"/>"#,
    ),
    (
        &[
            "shoe", "shoes", "sneaker", "sneakers", "sandal", "sandals", "slippers", "slides",
            "boot", "boots", "loafers", "heels", "trainers", "mules", "brogues",
        ],
        r#"<path d="M30 85c20 8 34 2 42-14l42 38c16 14 54 8 60 30 2 8-2 14-10 14H38c-8 0-12-6-12-14Z"/><path d="M26 138h148M84 82l-12 12M98 94l-12 12M112 106l-10 12" fill="none"/>"#,
    ),
    (
        &["headphones", "earbuds", "earphones", "headset", "airpods"],
        r#"<path d="M40 125v-20a60 60 0 0 1 120 0v20" fill="none" stroke-width="11"/><rect x="30" y="112" width="32" height="54" rx="12"/><rect x="138" y="112" width="32" height="54" rx="12"/>"#,
    ),
    (
        &[
            "phone",
            "smartphone",
            "iphone",
            "tecno",
            "infinix",
            "tablet",
            "powerbank",
            "charger",
            "case",
        ],
        r#"<rect x="60" y="22" width="80" height="156" rx="14"/><rect x="69" y="40" width="62" height="112" rx="3" fill="white" fill-opacity=".3"/><path d="M90 166h20" fill="none"/>"#,
    ),
    (
        &[
            "laptop",
            "computer",
            "monitor",
            "television",
            "tv",
            "keyboard",
        ],
        r#"<rect x="42" y="45" width="116" height="80" rx="8"/><rect x="52" y="55" width="96" height="60" rx="2" fill="white" fill-opacity=".3"/><path d="M26 150l16-25h116l16 25c0 5-4 8-9 8H35c-5 0-9-3-9-8Z"/>"#,
    ),
    (
        &["watch", "clock", "bracelet", "ring", "bangle"],
        r#"<path d="M78 28h44l6 36H72ZM78 172h44l6-36H72Z"/><circle cx="100" cy="100" r="46"/><circle cx="100" cy="100" r="34" fill="white" fill-opacity=".35"/><path d="M100 78v22l16 10" fill="none"/>"#,
    ),
    (
        &[
            "necklace",
            "beads",
            "earring",
            "earrings",
            "jewellery",
            "coral",
            "anklet",
            "pendant",
        ],
        r#"<path d="M45 40c0 130 110 130 110 0" fill="none" stroke-width="9" stroke-dasharray="1 14"/><path d="M100 132l16 18-16 26-16-26Z"/>"#,
    ),
    (
        &[
            "bag", "handbag", "tote", "backpack", "purse", "clutch", "wallet", "suitcase",
            "satchel",
        ],
        r#"<path d="M42 80h116l10 82c1 8-4 12-12 12H44c-8 0-13-4-12-12Z"/><path d="M72 92V66a28 28 0 0 1 56 0v26" fill="none" stroke-width="8"/><path d="M38 112h124" fill="none"/>"#,
    ),
    (
        &[
            "cap", "hat", "fila", "gele", "headwrap", "headtie", "turban", "beret", "bonnet",
        ],
        r#"<path d="M40 130c-6-60 20-92 60-92s66 32 60 92c-38-16-82-16-120 0Z"/><path d="M40 130c-10 20 130 20 120 0M62 58c10 20 12 40 10 62M138 58c-10 20-12 40-10 62" fill="none"/>"#,
    ),
    (
        &[
            "pot",
            "pan",
            "cooker",
            "blender",
            "kettle",
            "kitchen",
            "skillet",
            "casserole",
            "fryer",
            "cookware",
        ],
        r#"<path d="M44 84h112v64a22 22 0 0 1-22 22H66a22 22 0 0 1-22-22Z"/><path d="M36 84h128M30 104h14M156 104h14" fill="none" stroke-width="8"/><path d="M54 76a46 26 0 0 1 92 0Z"/><circle cx="100" cy="44" r="7"/>"#,
    ),
    (
        &["lamp", "lantern", "light", "bulb", "torch", "solar"],
        r#"<path d="M70 35h60l26 70H44Z"/><path d="M100 105v55M68 168c0-12 64-12 64 0Z"/><path d="M62 62h76" fill="none"/>"#,
    ),
    (
        &[
            "chair",
            "stool",
            "table",
            "sofa",
            "desk",
            "furniture",
            "shelf",
            "bench",
        ],
        r#"<path d="M56 28h88v72H56Z"/><path d="M44 100h112v22H44Z"/><path d="M54 122v52M146 122v52M56 64h88M85 28v72M115 28v72" fill="none" stroke-width="6"/>"#,
    ),
    (
        &[
            "book", "notebook", "diary", "novel", "bible", "journal", "planner",
        ],
        r#"<path d="M48 34c20-8 40-4 52 8 12-12 32-16 52-8v126c-20-8-40-4-52 8-12-12-32-16-52-8Z"/><path d="M100 42v126M62 66q14-4 26 2M62 90q14-4 26 2M138 66q-14-4-26 2M138 90q-14-4-26 2" fill="none"/>"#,
    ),
    (
        &[
            "cream", "butter", "oil", "soap", "lotion", "perfume", "shampoo", "serum", "shea",
            "scrub", "balm", "lipstick", "scent", "mist", "honey", "sauce", "syrup", "drink",
            "juice", "zobo",
        ],
        r#"<path d="M84 28h32v26H84Z"/><path d="M68 70c0-10 6-16 16-16h32c10 0 16 6 16 16v92c0 8-5 12-12 12H80c-7 0-12-4-12-12Z"/><rect x="68" y="96" width="64" height="44" fill="white" fill-opacity=".35"/><path d="M82 112h36M82 124h22" fill="none"/>"#,
    ),
    (
        &[
            "rice", "garri", "beans", "flour", "spice", "pepper", "tea", "coffee", "milo", "chips",
            "nuts", "egusi", "suya", "snack", "ogbono", "crayfish", "semovita", "yam", "plantain",
            "cereal", "sugar", "salt", "noodles", "palm",
        ],
        r#"<path d="M62 40c14-8 62-8 76 0l-8 22c30 30 34 112-4 112H74c-38 0-34-82-4-112Z"/><path d="M68 62h64" fill="none"/><circle cx="100" cy="120" r="26" fill="white" fill-opacity=".35"/><path d="M100 136c-14-8-14-26 0-34 14 8 14 26 0 34Zm0-34v34" fill="none"/>"#,
    ),
    (
        &[
            "fabric", "lace", "ankara", "adire", "aso", "textile", "cotton", "silk", "george",
            "brocade", "towel", "bedsheet", "duvet", "curtain", "rug", "throw", "cushion",
            "pillow",
        ],
        r#"<path d="M40 58c0-14 16-22 30-22h90v104H70c-14 0-30 6-30 18Z"/><path d="M40 158c0-12 16-18 30-18h90v30H62c-14 0-22-4-22-12Z"/><path d="M70 36v104M92 62l14 14 14-14 14 14 14-14M92 92l14 14 14-14 14 14 14-14" fill="none"/>"#,
    ),
    (
        &[
            "basket", "bowl", "vase", "calabash", "pottery", "plate", "mug", "cup", "drum", "mask",
            "carving",
        ],
        r#"<path d="M36 84h128c0 52-24 86-64 86s-64-34-64-86Z"/><path d="M30 84h140M44 112l16-14 20 14 20-14 20 14 20-14 16 14M56 140l20-12 24 12 24-12 20 12" fill="none"/>"#,
    ),
];

/// The drawing for a slug, or the shape that was picked for it. The last word of a slug names the
/// thing (`ankara-tote-bag` is a bag), so it is asked first.
pub(super) fn of(slug: &str, shape: usize) -> &'static str {
    slug.rsplit(['-', '_'])
        .find_map(|word| {
            let named = |known: &str| known == word || word.strip_suffix('s') == Some(known);
            DRAWINGS
                .iter()
                .find(|(words, _)| words.iter().any(|known| named(known)))
        })
        .map_or_else(|| SHAPES[shape % SHAPES.len()], |(_, drawing)| *drawing)
}

#[cfg(test)]
mod tests {
    use super::{SHAPES, of};

    #[test]
    fn the_last_word_that_says_something_draws() {
        assert_eq!(of("ankara-tote-bag", 0), of("leather-bag", 1));
        assert_ne!(of("ankara-tote-bag", 0), of("ankara-fabric", 0));
        assert_eq!(of("coffee-mugs-2024", 0), of("mug", 0));
        assert_eq!(of("thing", 2), SHAPES[2]);
    }
}
