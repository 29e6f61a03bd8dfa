//! The house's own rules: who may know whom, and that code, template, routes and API document say
//! the same. Design: "The house".

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read the house has failed"
)]

mod agreement;
mod arrows;
mod built;
mod connections;
mod environment;
mod functions;
mod grants;
mod metrics;
mod routes;
mod template;

use std::path::PathBuf;

/// The repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
