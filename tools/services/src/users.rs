//! Who uses the private services: several programs at once, and the last one stops them.
//!
//! Two file locks, which the operating system drops when their holder dies, however it dies. The
//! *gate* is held alone while servers are started or stopped; *users* is held in common by every
//! program that uses them.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::place::Place;
use crate::{Reporter, ServiceError};

const RETRY: Duration = Duration::from_millis(100);

pub(crate) struct Users {
    gate: File,
    users: File,
    state: std::path::PathBuf,
}

impl Users {
    /// Closes the gate and counts this program in; [`Users::open_gate`] lets the next one come.
    pub(crate) async fn enter(place: &Place, report: &dyn Reporter) -> Result<Self, ServiceError> {
        let users = Self {
            gate: open(&place.state.join("gate.lock"))?,
            users: open(&place.state.join("users.lock"))?,
            state: place.state.clone(),
        };
        users.close_gate(report).await?;
        users
            .users
            .lock_shared()
            .map_err(|source| users.refused(source))?;
        Ok(users)
    }

    pub(crate) async fn close_gate(&self, report: &dyn Reporter) -> Result<(), ServiceError> {
        let mut told = false;
        loop {
            match self.gate.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(source)) => return Err(self.refused(source)),
                Err(TryLockError::WouldBlock) => {}
            }
            if !told {
                report.say("Another cargo dev is starting or stopping the services: waiting …");
                told = true;
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// A failure to unlock leaves others waiting until this program ends, nothing worse.
    pub(crate) fn open_gate(&self) {
        let _ = self.gate.unlock();
    }

    /// Whether nobody else uses the services. Ends this program's own use if somebody does.
    pub(crate) fn is_last(&self) -> Result<bool, ServiceError> {
        self.users.unlock().map_err(|source| self.refused(source))?;
        match self.users.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(source)) => Err(self.refused(source)),
        }
    }

    fn refused(&self, source: std::io::Error) -> ServiceError {
        ServiceError::io("lock a file in", &self.state, source)
    }
}

fn open(path: &Path) -> Result<File, ServiceError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|source| ServiceError::io("write", path, source))
}
