//! `cargo dev package`: every function as it is sent to Lambda, built, checked and weighed.

mod build;
mod certificates;
mod check;
mod rehearse;
mod table;

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use package::Architecture;
use services::Reporter as _;

use crate::cli::Run;
use crate::terminal::Terminal;
use crate::workspace::{Function, Workspace};

pub(crate) use build::{Builder, packages};

/// What is to be packed, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Package {
    /// For Graviton instead of Intel and AMD (the template's parameter Architecture)
    #[arg(long)]
    arm64: bool,
    /// The certificates that the database's is checked against; by default
    /// infrastructure/database-ca.pem, if it is there
    #[arg(long, value_name = "FILE")]
    database_ca: Option<PathBuf>,
    /// Then run each packed function as Lambda would, against real services and the stand-ins
    #[arg(long, conflicts_with = "arm64")]
    run: bool,
    /// Which functions; by default all
    functions: Vec<String>,
}

impl Package {
    fn architecture(&self) -> Architecture {
        if self.arm64 {
            Architecture::Arm64
        } else {
            Architecture::X86_64
        }
    }

    /// The functions that are meant, all if none is named.
    fn chosen(&self, mut all: Vec<Function>) -> anyhow::Result<Vec<Function>> {
        let there = |name: &String| all.iter().any(|function| function.name == *name);
        if let Some(unknown) = self.functions.iter().find(|name| !there(name)) {
            let names: Vec<&str> = all.iter().map(|f| f.name.as_str()).collect();
            anyhow::bail!(
                "there is no function {unknown}; there are {}",
                names.join(", ")
            );
        }
        all.retain(|function| self.functions.is_empty() || self.functions.contains(&function.name));
        Ok(all)
    }
}

pub(crate) async fn run(
    workspace: &Workspace,
    terminal: &Terminal,
    options: &Run,
    order: &Package,
) -> anyhow::Result<()> {
    let metadata = workspace.metadata()?;
    let functions = order.chosen(workspace.deployed(&metadata))?;
    let architecture = order.architecture();
    let certificates = certificates::find(workspace, order.database_ca.as_deref())?;
    // Before the build, which takes minutes.
    check::tree(workspace, &functions, architecture).await?;
    let step = terminal.step(&format!("Release build for Lambda ({architecture})"));
    let builder = Builder::prepare(workspace, &step).await?;
    builder.build(&functions, architecture, &step).await?;
    step.done();
    let mut packed = Vec::new();
    for function in &functions {
        let folder = builder.folder(&function.name);
        certificates::put(certificates.as_deref(), &folder)?;
        let one = check::function(workspace, function, &folder, architecture);
        packed.push(one.with_context(|| function.name.clone())?);
    }
    print!("{}", table::rendered(&packed));
    certificates::tell(certificates.as_deref(), terminal);
    for line in packed.iter().flat_map(check::Packed::complaints) {
        terminal.say(&line);
    }
    ensure!(
        packed.iter().all(check::Packed::may_be_sent),
        "not every function may be sent (see above)"
    );
    if order.run {
        rehearse::run(workspace, terminal, options, &builder, &functions).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests_of_the_choice {
    use super::*;

    fn chosen(names: &[&str]) -> anyhow::Result<Vec<String>> {
        let all = ["get-order", "health"].map(|name| Function {
            name: name.to_owned(),
            package: "functions".to_owned(),
        });
        let order = Package {
            arm64: false,
            database_ca: None,
            run: false,
            functions: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let chosen = order.chosen(all.to_vec())?;
        Ok(chosen.into_iter().map(|function| function.name).collect())
    }

    #[test]
    fn all_functions_are_packed_unless_some_are_named() {
        assert_eq!(chosen(&[]).unwrap(), ["get-order", "health"]);
        assert_eq!(chosen(&["health"]).unwrap(), ["health"]);
    }

    #[test]
    fn a_function_that_there_is_not_is_told_with_those_that_there_are() {
        let error = chosen(&["heath"]).unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no function heath; there are get-order, health"
        );
    }
}
