//! Running what was packed as Lambda would: the program `tests/tests/lambda` with the zips instead of
//! debug builds.

use std::ffi::OsString;

use anyhow::ensure;

use super::Builder;
use crate::cli::Run;
use crate::terminal::Terminal;
use crate::tests;
use crate::workspace::{Function, Workspace};

/// Where `tests/tests/lambda` finds what was packed.
const PACKED: &str = "LAMBDA_PACKED";
/// Which of it it is to run: names with commas between them.
const CHOSEN: &str = "LAMBDA_CHOSEN";

pub(crate) async fn run(
    workspace: &Workspace,
    terminal: &Terminal,
    options: &Run,
    builder: &Builder,
    functions: &[Function],
) -> anyhow::Result<()> {
    // The whole workspace's features, as `cargo dev test` has built it. One after another: what is
    // measured is one function, not their crowd.
    let arguments = [
        "--workspace",
        "--test",
        "lambda",
        "--",
        "--test-threads",
        "1",
    ];
    let names: Vec<&str> = functions
        .iter()
        .map(|function| function.name.as_str())
        .collect();
    let told = [
        (PACKED, builder.folder("").into()),
        (CHOSEN, OsString::from(names.join(","))),
    ];
    let passed = tests::run_with(
        workspace,
        terminal,
        options,
        &arguments.map(str::to_owned),
        &told,
    )
    .await?;
    ensure!(passed, "not every function ran as it must (see above)");
    Ok(())
}
