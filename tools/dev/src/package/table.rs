use std::fmt::Write as _;

use package::mebibytes;

use super::check::Packed;

pub(crate) fn rendered(packed: &[Packed]) -> String {
    let mut text = format!(
        "{:<24} {:>10} {:>10} {:>10} {:>6}\n",
        "function", "program", "zip", "budget", "glibc"
    );
    for one in packed {
        let glibc = one
            .glibc
            .map_or_else(|| "none".to_owned(), |glibc| glibc.to_string());
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "{:<24} {:>10} {:>10} {:>10} {:>6} {}",
            one.name,
            mebibytes(one.program),
            mebibytes(one.zip),
            mebibytes(one.budget),
            glibc,
            verdict(one),
        );
    }
    text
}

fn verdict(one: &Packed) -> &'static str {
    match (one.fits(), one.may_be_sent()) {
        (false, _) => "TOO LARGE",
        (true, false) => "MAY NOT BE SENT",
        (true, true) => "",
    }
}
