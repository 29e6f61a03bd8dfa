//! `cargo dev`: everything a developer does by hand, behind one command.
//!
//! Owns the order in which the shop comes up and goes down, and what is told on the way. Each
//! sub-command is a module; what several need (settings, cargo, child processes, the terminal) is
//! one as well. Development only: nothing that is deployed depends on this crate.

mod bench;
mod cargo;
mod check;
mod children;
mod cli;
mod environment;
mod functions;
mod lambda;
mod next_steps;
mod openapi;
mod package;
mod prepare;
mod python;
mod queries;
mod rehearse;
mod secrets;
mod seed;
mod shop;
mod staff_token;
mod standins;
mod terminal;
mod tests;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use terminal::Terminal;
use workspace::Workspace;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::new();
    terminal.take_over_logs();
    // rustls asks each process to choose its provider; an error means that it has been chosen.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match cli::run(cli, &Workspace::find(), &terminal).await {
        Ok(code) => code,
        Err(error) => {
            // The whole chain as one sentence, and never a stack trace.
            terminal.complain(&format!("cargo dev: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
