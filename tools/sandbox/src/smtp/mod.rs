//! An SMTP server that takes every mail into the inbox.
//!
//! It speaks plain SMTP (`EHLO`, `AUTH` PLAIN and LOGIN with any credentials, `MAIL`, `RCPT`, `DATA`,
//! `RSET`, `NOOP`, `QUIT`), offers no STARTTLS, and takes mails of up to 10 MiB. Reading commands and
//! undoing dot-stuffing is smtp-proto's, the parser of the Stalwart mail server; no library with a
//! whole asynchronous server exists that is kept up, so the session is ours.
//!
//! Recipients whose local part is a word of email.md §8 (a `+tag` behind it is ignored) are
//! answered by script: `greylist` 451 the first time, `full` 452, `nouser` 550, `throttle` 454,
//! `drop` loses the connection after the mail, `slow` waits 90 s. The orders of `/control` come first.

mod session;
mod verdict;
mod wire;

use std::collections::HashSet;
use std::sync::Mutex;

use tokio::net::{TcpListener, TcpStream};

use crate::world::{World, locked};

/// What the server remembers between sessions.
#[derive(Default)]
pub(crate) struct Memory {
    greylisted: Mutex<HashSet<String>>,
}

impl Memory {
    /// True the first time for an address.
    fn is_new(&self, address: &str) -> bool {
        locked(&self.greylisted).insert(address.to_lowercase())
    }
}

/// Serves until the instance stops.
pub(crate) async fn serve(listener: TcpListener, world: World) {
    let mut stopping = world.stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(converse(world.clone(), stream));
            }
            Err(error) => tracing::warn!(%error, "an SMTP connection could not be accepted"),
        }
    }
}

async fn converse(world: World, stream: TcpStream) {
    let mut stopping = world.stopping.clone();
    tokio::select! {
        ended = session::run(&world, stream) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "an SMTP session broke off");
            }
        }
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}
