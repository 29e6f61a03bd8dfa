//! What delivery costs, by state, from a warehouse in Ikeja.

/// Naira, whether payment on delivery is offered, and the states under their usual names.
pub(super) const RATES: [(i64, bool, &[&str]); 6] = [
    (2_000, true, &["Lagos"]),
    (2_800, true, &["Ogun", "Oyo"]),
    (3_200, false, &["Osun", "Ondo", "Ekiti", "Edo", "Kwara"]),
    (3_500, true, &["FCT"]),
    (
        3_900,
        false,
        &[
            "Abia",
            "Akwa Ibom",
            "Anambra",
            "Bayelsa",
            "Cross River",
            "Delta",
            "Ebonyi",
            "Enugu",
            "Imo",
            "Rivers",
            "Kogi",
            "Niger",
            "Nasarawa",
            "Benue",
            "Plateau",
        ],
    ),
    (
        4_800,
        false,
        &[
            "Adamawa", "Bauchi", "Borno", "Gombe", "Jigawa", "Kaduna", "Kano", "Katsina", "Kebbi",
            "Sokoto", "Taraba", "Yobe", "Zamfara",
        ],
    ),
];
