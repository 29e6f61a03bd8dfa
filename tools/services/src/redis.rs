//! The private Redis. It keeps nothing on disk: the shop must survive its loss at any moment, and
//! relies on it that a Redis that comes back brings no old copies (`shared/cache`).

use std::ffi::OsString;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::place::Place;
use crate::plan::Plan;
use crate::process::{Launch, Server};
use crate::programs::Programs;
use crate::{Reporter, ServiceError, account, ports};

pub(crate) const SERVICE: &str = "Redis";
pub(crate) const NAME: &str = "redis";

pub(crate) async fn start(
    plan: &Plan,
    place: &Place,
    programs: &Programs,
    report: &dyn Reporter,
) -> Result<(), ServiceError> {
    let (Some(port), Some(program)) = (plan.redis, &programs.redis) else {
        return Ok(());
    };
    let server = match Server::remembered(SERVICE, NAME, place) {
        Some(server) => server,
        None => {
            ports::require_free(SERVICE, port, "DEV_REDIS_PORT")?;
            let account = account::for_server("redis");
            let folder = place.data_of(NAME, account.as_ref())?;
            Launch {
                service: SERVICE,
                name: NAME,
                program,
                args: arguments(port),
                env: Vec::new(),
                folder: &folder,
                account: account.as_ref(),
            }
            .start(place)?
        }
    };
    server
        .until_ready(Duration::from_secs(20), report, async || {
            answers(port).await
        })
        .await
}

pub(crate) async fn stop(place: &Place) -> Result<(), ServiceError> {
    match Server::remembered(SERVICE, NAME, place) {
        Some(server) => server.stop(Signal::SIGTERM, Duration::from_secs(10)).await,
        None => Ok(()),
    }
}

fn arguments(port: u16) -> Vec<OsString> {
    let port = port.to_string();
    let settings = [
        "--port",
        &port,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--daemonize",
        "no",
        "--maxmemory",
        "256mb",
        "--maxmemory-policy",
        "volatile-lru",
    ];
    settings.map(OsString::from).into()
}

async fn answers(port: u16) -> bool {
    let ping = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0; 5];
        stream
            .read_exact(&mut answer)
            .await
            .map(|_| answer == *b"+PONG")
    };
    ping.await.unwrap_or(false)
}
