//! The private RabbitMQ: a node, a folder, an Erlang port mapper and ports of its own.
//!
//! Nothing in the shop depends on what the broker remembers, so its data is simply made anew when
//! the user in the settings changes.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::account::{self, Account};
use crate::place::Place;
use crate::plan::{Plan, RabbitPlan};
use crate::process::{Launch, Server};
use crate::programs::Programs;
use crate::{Reporter, ServiceError, ports};

const SERVICE: &str = "RabbitMQ";
const NAME: &str = "rabbitmq";
const MAPPER: &str = "RabbitMQ's port mapper (epmd)";
const MAPPER_NAME: &str = "epmd";
const SETTING: &str = "DEV_RABBITMQ_PORT";

pub(crate) async fn start(
    plan: &Plan,
    place: &Place,
    programs: &Programs,
    report: &dyn Reporter,
) -> Result<(), ServiceError> {
    let (Some(rabbit), Some(script), Some(epmd)) =
        (&plan.rabbitmq, &programs.rabbitmq, &programs.epmd)
    else {
        return Ok(());
    };
    let account = account::for_server("rabbitmq");
    let server = match Server::remembered(SERVICE, NAME, place) {
        Some(server) => server,
        None => {
            require_free(rabbit)?;
            let folder = prepare(rabbit, place, account.as_ref())?;
            start_mapper(rabbit, epmd, &folder, place, account.as_ref(), report).await?;
            launch(rabbit, script, &folder, place, account.as_ref())?
        }
    };
    server
        .until_ready(Duration::from_secs(90), report, async || {
            answers(rabbit).await
        })
        .await
}

pub(crate) async fn stop(place: &Place) -> Result<(), ServiceError> {
    let broker = match Server::remembered(SERVICE, NAME, place) {
        Some(server) => server.stop(Signal::SIGTERM, Duration::from_secs(15)).await,
        None => Ok(()),
    };
    let mapper = match Server::remembered(MAPPER, MAPPER_NAME, place) {
        Some(server) => server.stop(Signal::SIGTERM, Duration::from_secs(5)).await,
        None => Ok(()),
    };
    broker.and(mapper)
}

fn require_free(rabbit: &RabbitPlan) -> Result<(), ServiceError> {
    ports::require_free(SERVICE, rabbit.port, SETTING)?;
    ports::require_free(
        "RabbitMQ's management API",
        rabbit.management_port(),
        SETTING,
    )?;
    ports::require_free(
        "RabbitMQ's Erlang distribution",
        rabbit.distribution_port(),
        SETTING,
    )
}

/// Writes the configuration; answers the broker's folder.
fn prepare(
    rabbit: &RabbitPlan,
    place: &Place,
    account: Option<&Account>,
) -> Result<std::path::PathBuf, ServiceError> {
    let folder = place.data_of(NAME, account)?;
    let config = configuration(rabbit);
    let written = folder.join("rabbitmq.conf");
    if fs::read_to_string(&written).is_ok_and(|former| former != config) {
        let _ = fs::remove_dir_all(folder.join("mnesia"));
    }
    write(&written, &config)?;
    write(&folder.join("enabled_plugins"), "[rabbitmq_management].\n")?;
    // Debian's own /etc/rabbitmq/rabbitmq-env.conf would be read if this one were not named.
    write(&folder.join("rabbitmq-env.conf"), "")?;
    write_cookie(&folder.join(".erlang.cookie"))?;
    account::hand_over(&folder, account)?;
    Ok(folder)
}

fn configuration(rabbit: &RabbitPlan) -> String {
    let RabbitPlan {
        port,
        user,
        password,
    } = rabbit;
    let management = rabbit.management_port();
    format!(
        "listeners.tcp.1 = 127.0.0.1:{port}\n\
         management.tcp.ip = 127.0.0.1\n\
         management.tcp.port = {management}\n\
         default_user = {user}\n\
         default_pass = {password}\n\
         vm_memory_high_watermark.absolute = 512MB\n\
         disk_free_limit.absolute = 100MB\n\
         collect_statistics_interval = 5000\n\
         log.console = true\n\
         log.console.level = warning\n\
         log.file = false\n"
    )
}

/// Erlang insists that only its owner may read the cookie. Made once; the node is on loopback.
fn write_cookie(path: &Path) -> Result<(), ServiceError> {
    if path.exists() {
        return Ok(());
    }
    write(path, "madrush-development")?;
    fs::set_permissions(path, Permissions::from_mode(0o400))
        .map_err(|source| ServiceError::io("close", path, source))
}

fn write(path: &Path, text: &str) -> Result<(), ServiceError> {
    fs::write(path, text).map_err(|source| ServiceError::io("write", path, source))
}

/// Erlang would start a port mapper by itself, as a daemon that stays for ever; one of our own, in
/// the foreground, ends with the broker and never meets the machine's.
async fn start_mapper(
    rabbit: &RabbitPlan,
    epmd: &Path,
    folder: &Path,
    place: &Place,
    account: Option<&Account>,
    report: &dyn Reporter,
) -> Result<(), ServiceError> {
    let port = rabbit.epmd_port();
    let server = match Server::remembered(MAPPER, MAPPER_NAME, place) {
        Some(server) => server,
        None => {
            ports::require_free(MAPPER, port, SETTING)?;
            let port = port.to_string();
            Launch {
                service: MAPPER,
                name: MAPPER_NAME,
                program: epmd,
                args: ["-port", &port, "-address", "127.0.0.1"]
                    .map(OsString::from)
                    .into(),
                env: Vec::new(),
                folder,
                account,
            }
            .start(place)?
        }
    };
    let ready = async || TcpStream::connect(("127.0.0.1", port)).await.is_ok();
    server
        .until_ready(Duration::from_secs(10), report, ready)
        .await
}

fn launch(
    rabbit: &RabbitPlan,
    script: &Path,
    folder: &Path,
    place: &Place,
    account: Option<&Account>,
) -> Result<Server, ServiceError> {
    Launch {
        service: SERVICE,
        name: NAME,
        program: script,
        args: Vec::new(),
        env: environment(rabbit, folder),
        folder,
        account,
    }
    .start(place)
}

fn environment(rabbit: &RabbitPlan, folder: &Path) -> Vec<(&'static str, OsString)> {
    let in_folder = |name: &str| folder.join(name).into_os_string();
    // One scheduler that sleeps when idle: the broker of a development machine should cost nothing.
    let erlang = "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none \
                  -kernel inet_dist_use_interface {127,0,0,1}";
    vec![
        ("HOME", folder.into()),
        ("RABBITMQ_NODENAME", "madrush@localhost".into()),
        ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".into()),
        ("RABBITMQ_NODE_PORT", rabbit.port.to_string().into()),
        (
            "RABBITMQ_DIST_PORT",
            rabbit.distribution_port().to_string().into(),
        ),
        ("ERL_EPMD_PORT", rabbit.epmd_port().to_string().into()),
        ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
        ("RABBITMQ_CONF_ENV_FILE", in_folder("rabbitmq-env.conf")),
        ("RABBITMQ_CONFIG_FILE", in_folder("rabbitmq.conf")),
        (
            "RABBITMQ_ADVANCED_CONFIG_FILE",
            in_folder("advanced.config"),
        ),
        (
            "RABBITMQ_ENABLED_PLUGINS_FILE",
            in_folder("enabled_plugins"),
        ),
        ("RABBITMQ_MNESIA_BASE", in_folder("mnesia")),
        ("RABBITMQ_LOG_BASE", in_folder("log")),
        ("RABBITMQ_LOGS", "-".into()),
        ("RABBITMQ_PID_FILE", in_folder("rabbitmq.pid")),
        ("RABBITMQ_GENERATED_CONFIG_DIR", in_folder("config")),
        ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", erlang.into()),
    ]
}

/// The broker answers a protocol header with `connection.start`, a frame of type 1, only when it
/// is open for business; the management API may need a moment longer.
async fn answers(rabbit: &RabbitPlan) -> bool {
    let greet = async {
        let mut stream = TcpStream::connect(("127.0.0.1", rabbit.port)).await?;
        stream.write_all(b"AMQP\x00\x00\x09\x01").await?;
        stream.read_u8().await
    };
    let management = TcpStream::connect(("127.0.0.1", rabbit.management_port()));
    matches!(greet.await, Ok(1)) && management.await.is_ok()
}
