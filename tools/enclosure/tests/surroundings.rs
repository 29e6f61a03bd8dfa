//! A program in the enclosure sees what a function on Lambda sees, and no more.
//!
//! Has a harness of its own because it is its own launcher.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Output};

use enclosure::{Enclosure, GROUP, Memory, USER};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};

fn main() -> ExitCode {
    enclosure::enter_if_asked();
    let arguments = Arguments::from_args();
    let trials = vec![
        Trial::test(
            "only_the_folder_for_temporary_files_can_be_written_to",
            files,
        ),
        Trial::test(
            "the_environment_is_what_was_given_and_nothing_else",
            environment,
        ),
        Trial::test("the_program_is_lambdas_user_without_any_privilege", user),
        Trial::test("nothing_of_the_machine_is_seen", machine),
        Trial::test(
            "a_program_that_takes_more_memory_than_it_has_is_ended",
            memory,
        ),
        Trial::test("a_launcher_that_is_told_nothing_says_so", untold),
    ];
    let trials = match enclosure::possible() {
        Ok(()) => trials,
        Err(why) => {
            eprintln!("NOT TESTED: {why}");
            trials
                .into_iter()
                .map(|trial| trial.with_ignored_flag(true))
                .collect()
        }
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// `cargo test` builds examples beside the tests' own folder.
fn probe() -> PathBuf {
    let here = std::env::current_exe().expect("this test's file");
    let folder = here.ancestors().nth(2).expect("target/debug");
    folder.join("examples/enclosed")
}

fn run(environment: &[(&str, &str)], memory_mb: u32) -> (Output, Enclosure) {
    let task = tempfile::tempdir().expect("a folder");
    std::fs::copy(probe(), task.path().join("bootstrap")).expect("the probe");
    let enclosure = Enclosure::around(task.path(), memory_mb).expect("an enclosure");
    let (program, arguments) = enclosure.launcher().expect("a launcher");
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied());
    (command.output().expect("an output"), enclosure)
}

fn told() -> Result<Value, Failed> {
    let (output, _) = run(&[("TZ", ":UTC")], 128);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice(&output.stdout).map_err(|_| Failed::from(said))
}

fn same(found: &Value, expected: &Value) -> Result<(), Failed> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{found} is not {expected}").into())
}

fn files() -> Result<(), Failed> {
    let told = told()?;
    let closed = ["/", "/var/task", "/etc", "/lib64", "/dev", "/proc/self"];
    for folder in closed {
        same(&told["writable"][folder], &json!(false))
            .map_err(|_| format!("{folder} can be written to"))?;
    }
    same(&told["writable"]["/tmp"], &json!(true))
}

fn environment() -> Result<(), Failed> {
    same(&told()?["environment"], &json!({ "TZ": ":UTC" }))
}

fn user() -> Result<(), Failed> {
    let told = told()?;
    same(
        &told["users"],
        &json!([USER; 4].map(|id| id.to_string()).join(" ")),
    )?;
    same(
        &told["groups"],
        &json!([GROUP; 4].map(|id| id.to_string()).join(" ")),
    )?;
    same(&told["capabilities"], &json!("0000000000000000"))?;
    same(&told["no_new_privileges"], &json!("1"))?;
    same(&told["files"], &json!("1024"))
}

fn machine() -> Result<(), Failed> {
    let told = told()?;
    let strange = ["home", "root", "sys", "bin", "sbin", "run", "opt", "work"];
    let seen: Vec<&str> = told["root"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if let Some(strange) = seen.iter().find(|name| strange.contains(name)) {
        return Err(format!("/{strange} is there: {seen:?}").into());
    }
    same(&told["task"], &json!(["bootstrap"]))?;
    same(&told["in"], &json!("/var/task"))?;
    same(&told["localhost"], &json!(true))
}

fn memory() -> Result<(), Failed> {
    let (output, enclosure) = run(&[("PROBE", "memory")], 128);
    if output.status.success() {
        return Err(format!("it took 256 MB of 128 ({})", enclosure.memory()).into());
    }
    let (output, _) = run(&[("PROBE", "memory")], 512);
    same(
        &json!(String::from_utf8_lossy(&output.stdout).trim()),
        &json!("65536"),
    )?;
    if let Memory::Cgroup(group) = enclosure.memory() {
        let path = group.path().to_owned();
        drop(enclosure);
        same(&json!(path.exists()), &json!(false))?;
    }
    Ok(())
}

fn untold() -> Result<(), Failed> {
    let program = std::env::current_exe()?;
    let output = Command::new(program)
        .arg("--enter-the-enclosure")
        .output()?;
    same(&json!(output.status.code()), &json!(126))
}
