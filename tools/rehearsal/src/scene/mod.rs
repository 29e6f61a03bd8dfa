//! What a rehearsal plays on: a database, a virtual host, a key prefix and stand-ins of its own.

mod copies;
mod database;
mod orphans;
mod standins;
mod vhost;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use uuid::Uuid;

use crate::front::{Behind, Front};
use crate::provenance::Provenance;
use crate::record::Record;
use crate::servers::Servers;
use crate::traffic::Traffic;

pub(crate) use copies::Copies;
pub(crate) use database::{Database, Schema};
pub(crate) use orphans::MARK;
pub(crate) use standins::{PAYSTACK_KEY, Standins, TWILIO_ACCOUNT, TWILIO_TOKEN};
pub(crate) use vhost::Vhost;

/// A scene that is set. Take it down with [`Scene::strike`], whatever became of the rehearsal; what a
/// killed run leaves behind, the next one sweeps.
pub struct Scene {
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) front: Front,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) provenance: Arc<Provenance>,
    pub(crate) record: Arc<Record>,
    pub(crate) standins: Standins,
    pub(crate) copies: Copies,
    pub(crate) vhost: Vhost,
    pub(crate) database: Database,
}

impl Scene {
    /// Sets an empty scene: nothing is migrated, declared or seeded yet.
    ///
    /// # Errors
    /// Where a server does not answer.
    pub async fn set(servers: &Servers) -> anyhow::Result<Self> {
        // An error means that this process has chosen its provider already.
        drop(rustls::crypto::ring::default_provider().install_default());
        orphans::sweep(servers)
            .await
            .context("sweeping up after former rehearsals")?;
        let name = format!(
            "rehearsal_{}_{:x}",
            std::process::id(),
            Uuid::new_v4().as_u128() >> 96
        );
        let (traffic, provenance, record) =
            (Arc::default(), Arc::default(), Arc::new(Record::new()));
        let behind = Behind {
            traffic: Arc::clone(&traffic),
            provenance: Arc::clone(&provenance),
            record: Arc::clone(&record),
        };
        let front = Front::open(behind).await?;
        let standins = Standins::start(&front.url()).await?;
        let database = Database::create(servers, &name).await?;
        let vhost = Vhost::create(servers, &name).await?;
        let copies = Copies::of(servers, &name);
        Ok(Self {
            settings: servers.settings.clone(),
            front,
            traffic,
            provenance,
            record,
            standins,
            copies,
            vhost,
            database,
        })
    }

    /// Ends the functions and takes everything away that belongs to this scene.
    ///
    /// # Errors
    /// Where a server does not answer; as much as possible is gone all the same.
    pub async fn strike(self) -> anyhow::Result<()> {
        // Killing waits for each process to end.
        let traffic = Arc::clone(&self.traffic);
        let ended = tokio::task::spawn_blocking(move || traffic.take_down()).await;
        self.standins.stop().await;
        let gone = [
            self.copies.forget().await,
            self.vhost.delete().await,
            self.database.drop().await,
        ];
        ended.context("ending the functions")?;
        gone.into_iter().collect()
    }
}
