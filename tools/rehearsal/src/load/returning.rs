//! Coming back: to look, and to send again what was sent before.

use anyhow::ensure;
use fastrand::Rng;
use reqwest::Method;

use super::Market;
use super::answers::a_payment;
use super::buying::keyed;
use super::memory::Sent;
use crate::record::Count;
use crate::version::Side;

impl Market {
    /// Looks at an earlier order or payment, or repeats an earlier request with its key.
    pub(super) async fn come_back(&self, rng: &mut Rng) -> anyhow::Result<()> {
        if rng.bool() {
            return self.repeat(rng).await;
        }
        let Some(order) = self.memory.some_order(rng) else {
            return Ok(());
        };
        match &order.reference {
            Some(reference) if rng.bool() => {
                let path = format!("/api/payments/{reference}");
                a_payment(&self.client.read_with(&path, &order.token).await?)
            }
            _ => self.see(&order).await.map(drop),
        }
    }

    /// The same request gets the same answer, byte for byte, whichever version gave it first.
    async fn repeat(&self, rng: &mut Rng) -> anyhow::Result<()> {
        let Some(sent) = self.memory.some_request(rng, |sent| self.present(sent)) else {
            return Ok(());
        };
        let answer = self.client.send(Method::POST, &sent.path, |request| {
            let request = keyed(request, &sent.key, sent.body.clone());
            match &sent.token {
                Some(token) => request.bearer_auth(token),
                None => request,
            }
        });
        let answer = answer.await?.expect(201)?;
        let now = answer.side.map_or("nobody", Side::name);
        ensure!(
            answer.body == sent.answer,
            "{} with the key {} was answered by {}, and otherwise by {now}",
            sent.path,
            sent.key,
            sent.side
        );
        let across = answer.side.is_some_and(|side| side != sent.side);
        self.record.count(if across {
            Count::RepeatedAcross
        } else {
            Count::Repeated
        });
        Ok(())
    }

    /// The version that would answer a request now.
    fn present(&self, sent: &Sent) -> Option<Side> {
        let route = self.traffic.route("POST", &sent.path)?;
        self.traffic.side_of(&route.function)
    }
}
