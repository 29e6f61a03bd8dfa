//! The private Postgres.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

use crate::account::{self, Account};
use crate::place::{Place, telling_line};
use crate::plan::{DATABASE, Plan};
use crate::process::{Launch, Server};
use crate::programs::Programs;
use crate::{Reporter, ServiceError, ports};

const SERVICE: &str = "Postgres";
const NAME: &str = "postgres";

pub(crate) async fn start(
    plan: &Plan,
    place: &Place,
    programs: &Programs,
    report: &dyn Reporter,
) -> Result<(), ServiceError> {
    let (Some(port), Some(bin)) = (plan.postgres, &programs.postgres) else {
        return Ok(());
    };
    let account = account::for_server("postgres");
    let server = match Server::remembered(SERVICE, NAME, place) {
        Some(server) => server,
        None => launch(port, bin, place, account.as_ref(), report)?,
    };
    let ready = async || connect(port, "postgres").await.is_ok();
    server
        .until_ready(Duration::from_secs(60), report, ready)
        .await?;
    create_database(port).await.map_err(ServiceError::Postgres)
}

pub(crate) async fn stop(place: &Place) -> Result<(), ServiceError> {
    match Server::remembered(SERVICE, NAME, place) {
        // SIGINT is Postgres' fast shutdown: sessions are ended, data is flushed.
        Some(server) => server.stop(Signal::SIGINT, Duration::from_secs(20)).await,
        None => Ok(()),
    }
}

fn launch(
    port: u16,
    bin: &Path,
    place: &Place,
    account: Option<&Account>,
    report: &dyn Reporter,
) -> Result<Server, ServiceError> {
    ports::require_free(SERVICE, port, "DEV_POSTGRES_PORT")?;
    let folder = place.data_of(NAME, account)?;
    let data = folder.join("data");
    if !data.join("PG_VERSION").exists() {
        report.say("Making a private Postgres cluster, once.");
        initialise(bin, &folder, &data, place, account)?;
    }
    if let Some(account) = account {
        report.detail(&format!(
            "Postgres runs as {}, because it refuses root",
            account.name
        ));
    }
    Launch {
        service: SERVICE,
        name: NAME,
        program: &bin.join("postgres"),
        args: arguments(port, &data),
        env: Vec::new(),
        folder: &folder,
        account,
    }
    .start(place)
}

/// No Unix socket: its path would be too long for a deep work tree, and the shop uses TCP. The
/// cluster stays durable (fsync on), so that what is measured here is what a real one costs.
fn arguments(port: u16, data: &Path) -> Vec<OsString> {
    let mut args: Vec<OsString> = vec!["-D".into(), data.into()];
    let settings = [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "max_connections=300".to_owned(),
        "shared_buffers=128MB".to_owned(),
        "password_encryption=scram-sha-256".to_owned(),
        "log_min_messages=warning".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
    ];
    for setting in settings {
        args.extend(["-c".into(), setting.into()]);
    }
    args
}

fn initialise(
    bin: &Path,
    folder: &Path,
    data: &Path,
    place: &Place,
    account: Option<&Account>,
) -> Result<(), ServiceError> {
    // A half-made cluster from an interrupted run would make initdb refuse.
    let _ = fs::remove_dir_all(data);
    let password = folder.join("password");
    fs::write(&password, DATABASE).map_err(|e| ServiceError::io("write", &password, e))?;
    account::hand_over(&password, account)?;
    let made = run_initdb(bin, folder, data, &password, place, account);
    let _ = fs::remove_file(&password);
    if made.is_err() {
        let _ = fs::remove_dir_all(data);
    }
    made
}

fn run_initdb(
    bin: &Path,
    folder: &Path,
    data: &Path,
    password: &Path,
    place: &Place,
    account: Option<&Account>,
) -> Result<(), ServiceError> {
    let program = bin.join("initdb");
    let log = place.new_log("initdb")?;
    let also = log
        .try_clone()
        .map_err(|e| ServiceError::io("write", &place.logs, e))?;
    let mut command = Command::new(&program);
    command.args([
        "--username",
        DATABASE,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
    ]);
    command
        .args(["--locale=C.UTF-8", "--no-instructions", "--pgdata"])
        .arg(data);
    command.arg("--pwfile").arg(password).current_dir(folder);
    command.stdin(Stdio::null()).stdout(log).stderr(also);
    if let Some(account) = account {
        std::os::unix::process::CommandExt::uid(&mut command, account.uid);
        std::os::unix::process::CommandExt::gid(&mut command, account.gid);
    }
    let status = command
        .status()
        .map_err(|e| ServiceError::io("start", &program, e))?;
    if status.success() {
        return Ok(());
    }
    let log = place.log_of("initdb");
    let reason = telling_line(&log);
    Err(ServiceError::NotReady {
        service: SERVICE,
        what: "could not make its cluster",
        reason,
        log,
    })
}

async fn connect(port: u16, database: &str) -> Result<PgConnection, sqlx::Error> {
    PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username(DATABASE)
        .password(DATABASE)
        .database(database)
        .ssl_mode(PgSslMode::Disable)
        .connect()
        .await
}

async fn create_database(port: u16) -> Result<(), sqlx::Error> {
    let mut connection = connect(port, "postgres").await?;
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(DATABASE)
            .fetch_one(&mut connection)
            .await?;
    if !exists {
        connection.execute("CREATE DATABASE madrush").await?;
    }
    connection.close().await
}
