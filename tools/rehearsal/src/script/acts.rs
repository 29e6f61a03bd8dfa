//! The deployment: hooks, moves, and customers all the while.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::Stage;
use crate::deploy;
use crate::environment::{HOOKS, Logins, fleets};
use crate::load::Crowd;
use crate::rest;
use crate::version::{Side, Version};

impl Stage<'_> {
    pub(super) async fn play(&mut self, next: &Version) -> anyhow::Result<()> {
        self.crowd = Some(Crowd::enter(
            &self.market,
            self.plan.customers,
            self.plan.seed,
        ));
        self.phase("N serves");
        self.hold().await?;
        self.phase("N+1's hooks run, N serves");
        self.run_hooks(next).await?;
        self.hold().await?;
        self.phase("to N+1, one by one");
        self.move_one_by_one(Side::Next).await?;
        self.phase("N+1 serves");
        self.hold().await?;
        self.phase("back to N, one by one");
        self.move_one_by_one(Side::Former).await?;
        self.roll_back_hooks().await;
        self.phase("N serves, on N+1's schema");
        self.hold().await?;
        self.phase("to N+1, all at once");
        self.move_all(Side::Next).await?;
        self.hold().await
    }

    /// Migrations that fail, wait, apply, and have been applied; then queues, then N+1 as a whole.
    async fn run_hooks(&mut self, next: &Version) -> anyhow::Result<()> {
        let scene = self.scene;
        let instances = fleets(scene, next, Logins::Owner, self.plan.instances)?;
        scene
            .traffic
            .deploy(Side::Next, instances, next.routes.clone());
        let failed = deploy::a_migration_that_fails(scene).await;
        self.note_or_blame("a migration that fails", failed);
        let waited = deploy::a_reader_in_the_way(scene).await;
        self.note_or_blame("a reader in migrate's way", waited);
        let (schema, took) = deploy::migrate(scene, Side::Next)
            .await
            .context("N+1's migrate")?;
        let (again, _) = deploy::migrate(scene, Side::Next)
            .await
            .context("N+1's migrate, again")?;
        ensure!(
            schema == again,
            "a second run of migrate changed the schema from {schema} to {again}"
        );
        deploy::declare(scene, Side::Next)
            .await
            .context("N+1's declare-queues")?;
        deploy::declare(scene, Side::Next)
            .await
            .context("N+1's declare-queues, again")?;
        let logins = deploy::logins(&scene.database).await?;
        self.note(format!(
            "N+1's schema is {schema}, applied under load in {:.1} s; a second run changes nothing; its functions are {logins}",
            took.as_secs_f32()
        ));
        let instances = fleets(scene, next, logins, self.plan.instances)?;
        scene
            .traffic
            .deploy(Side::Next, instances, next.routes.clone());
        self.feeding.feed(&scene.vhost.settings, &scene.traffic);
        Ok(())
    }

    /// Each function's traffic by itself, in an order that the seed gives.
    async fn move_one_by_one(&mut self, to: Side) -> anyhow::Result<()> {
        let functions = self.shuffled();
        let pause = self.plan.phase / u32::try_from(functions.len().max(1)).unwrap_or(1);
        let mut longest = (Duration::ZERO, String::new());
        for function in &functions {
            let drained = self.scene.traffic.shift(function, to).await?;
            longest = longest.max((drained, function.clone()));
            tokio::time::sleep(pause).await;
        }
        let (drained, slowest) = longest;
        self.note(format!(
            "to {to}: {}; requests in flight finished where they were, the longest after {} ms ({slowest})",
            functions.join(", "),
            drained.as_millis()
        ));
        self.check_books().await
    }

    /// A deployment that is rolled back runs the former version's hooks again.
    async fn roll_back_hooks(&mut self) {
        let note = match deploy::migrate(self.scene, Side::Former).await {
            Ok((schema, _)) => format!("rolled back, N's own migrate leaves schema {schema} alone"),
            Err(error) => format!(
                "NOT WELL: rolled back, N's own migrate fails: {}",
                deploy::reason(&error)
            ),
        };
        self.note(note);
    }

    async fn move_all(&mut self, to: Side) -> anyhow::Result<()> {
        let functions = self.shuffled();
        let moves = functions
            .iter()
            .map(|function| self.scene.traffic.shift(function, to));
        let drained = futures_util::future::try_join_all(moves).await?;
        let longest = drained.into_iter().max().unwrap_or_default();
        self.note(format!(
            "to {to}: {} functions at once, drained after {} ms",
            functions.len(),
            longest.as_millis()
        ));
        Ok(())
    }

    fn shuffled(&mut self) -> Vec<String> {
        let mut functions: Vec<String> = self.scene.traffic.movable().into_iter().collect();
        functions.retain(|function| !HOOKS.contains(&function.as_str()));
        self.rng.shuffle(&mut functions);
        functions
    }

    /// Lets the phase last.
    async fn hold(&mut self) -> anyhow::Result<()> {
        tokio::time::sleep(self.plan.phase).await;
        self.check_books().await
    }

    /// What must hold at every moment.
    async fn check_books(&mut self) -> anyhow::Result<()> {
        let report = rest::check(self.scene, false).await?;
        let broken = report
            .rules
            .iter()
            .filter(|rule| !rule.violations.is_empty());
        let broken: Vec<String> = broken
            .map(|rule| format!("in motion: {}: {:?}", rule.statement, rule.violations))
            .collect();
        self.problems.extend(broken);
        Ok(())
    }
}
