//! N as it serves before anything happens.

use std::sync::Arc;

use anyhow::Context as _;
use fastrand::Rng;

use super::passing::Passing;
use super::{Plan, Stage};
use crate::deploy;
use crate::environment::{Logins, fleets};
use crate::feeding::Feeding;
use crate::load::{Client, Market, Memory};
use crate::scene::Scene;
use crate::traffic::Freezing;
use crate::version::{Side, Version};

impl<'a> Stage<'a> {
    /// N as it is deployed: its own schema, its own queues, a catalogue.
    pub(super) async fn open(
        scene: &'a Scene,
        plan: &'a Plan,
        former: &Version,
        stock: impl AsyncFnOnce(&str) -> anyhow::Result<()>,
        say: &'a dyn Fn(&str),
    ) -> anyhow::Result<Self> {
        let instances = fleets(scene, former, Logins::Owner, plan.instances)?;
        scene
            .traffic
            .deploy(Side::Former, instances, former.routes.clone());
        let (schema, took) = deploy::migrate(scene, Side::Former)
            .await
            .context("N's migrate")?;
        let logins = deploy::logins(&scene.database).await?;
        let instances = fleets(scene, former, logins, plan.instances)?;
        scene
            .traffic
            .deploy(Side::Former, instances, former.routes.clone());
        say(&format!(
            "N: schema {schema} by its own migrate ({:.1} s), queues by its declare-queues.",
            took.as_secs_f32()
        ));
        deploy::declare(scene, Side::Former)
            .await
            .context("N's declare-queues")?;
        stock(&scene.database.url())
            .await
            .context("the catalogue, on N's schema")?;
        let market = Arc::new(market(scene)?);
        let mut feeding = Feeding::of(&scene.front.url())?;
        feeding.feed(&scene.vhost.settings, &scene.traffic);
        Ok(Self {
            scene,
            plan,
            say,
            rng: Rng::with_seed(plan.seed),
            _passing: Passing::begin(scene, &market),
            market,
            crowd: None,
            feeding,
            _freezing: Freezing::begin(&scene.traffic),
            notes: vec![format!(
                "N's schema is {schema}; its functions are {logins}"
            )],
            problems: Vec::new(),
        })
    }
}

fn market(scene: &Scene) -> anyhow::Result<Market> {
    let record = Arc::clone(&scene.record);
    Ok(Market {
        client: Client::new(scene.front.url(), Arc::clone(&record))?,
        memory: Memory::default(),
        record,
        traffic: Arc::clone(&scene.traffic),
        storefront: format!("{}/storefront", scene.standins.url()),
    })
}
