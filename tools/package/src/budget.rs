//! How large what is sent may be (design, quality.md, "Speed and size").

const MEBIBYTE: u64 = 1024 * 1024;

/// A catalogue read is on every page of the storefront: its cold start counts most.
const CATALOGUE_READ: u64 = 3 * MEBIBYTE;
const ANY: u64 = 5 * MEBIBYTE;

/// The largest zip, in bytes, of a function of an area (`catalog`, or the package's name
/// `catalog-functions`). What customers read of the catalogue is named `get-…` or `list-…`; the staff's
/// functions of the area begin with `admin-`.
#[must_use]
pub fn budget(area: &str, function: &str) -> u64 {
    let read = ["get-", "list-"]
        .iter()
        .any(|verb| function.starts_with(verb));
    match area.trim_end_matches("-functions") {
        "catalog" if read => CATALOGUE_READ,
        _ => ANY,
    }
}

/// Bytes as `2.71 MiB`, rounded down.
#[must_use]
pub fn mebibytes(bytes: u64) -> String {
    let hundredths = bytes.saturating_mul(100) / MEBIBYTE;
    format!("{}.{:02} MiB", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_read_may_be_three_mebibytes_and_anything_else_five() {
        assert_eq!(budget("catalog-functions", "list-products"), 3 << 20);
        assert_eq!(budget("catalog-functions", "admin-list-products"), 5 << 20);
        assert_eq!(budget("catalog", "sync-product"), 5 << 20);
        assert_eq!(budget("orders", "get-order"), 5 << 20);
        assert_eq!(mebibytes(budget("catalog", "get-product") - 1), "2.99 MiB");
    }
}
