//! As whom a function comes to the database: its area's role, so that a missing grant fails the
//! function's own tests.

use std::path::{Path, PathBuf};

use database::testing::TestDatabase;

/// The one function that comes as the owner: it makes the tables.
const OWNERS: &str = "migrate";

/// The database's address for a function's binary.
///
/// # Panics
/// Where no area has a function of this name.
pub(crate) fn url_for(db: &TestDatabase, binary: &Path) -> String {
    let function = binary.file_stem().unwrap_or_default().to_string_lossy();
    if function == OWNERS {
        return db.url().to_owned();
    }
    let area = area_of(&function);
    db.url_as(&area.unwrap_or_else(|| panic!("no area has a function {function}")))
}

/// The folder under `functions/` whose `src/bin/` has the function.
fn area_of(function: &str) -> Option<String> {
    let areas = std::fs::read_dir(root().join("functions")).ok()?;
    let has = |area: &PathBuf| area.join(format!("src/bin/{function}.rs")).exists();
    let area = areas.flatten().map(|area| area.path()).find(has)?;
    Some(area.file_name()?.to_string_lossy().into_owned())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
