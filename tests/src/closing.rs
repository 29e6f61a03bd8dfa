//! What a shop must have done right before it may close.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::buyer::Buyer;
use crate::environment::SECRETS;
use crate::letters::{Letter, expected, told_apart};
use crate::patience::eventually;
use crate::shop::Shop;

/// What must have reached a buyer, no more and no less.
pub(crate) struct Expectation {
    email: String,
    phone: String,
    letters: Vec<Letter>,
}

impl Shop {
    /// Waits until exactly these letters, counted from the beginning, have reached a buyer: one each
    /// on every channel it has. What was told last of a buyer is what [`Shop::close`] looks for
    /// again: no second one may come later.
    ///
    /// # Panics
    /// Where they do not come.
    pub async fn tells(&self, buyer: &Buyer<'_>, letters: &[Letter]) {
        let expectation = Expectation {
            email: buyer.email.clone(),
            phone: buyer.phone_abroad(),
            letters: letters.to_vec(),
        };
        eventually("the messages", async || self.compare(&expectation).await).await;
        let mut expectations = locked(&self.expectations);
        expectations.retain(|former| former.email != expectation.email);
        expectations.push(expectation);
    }

    /// Waits until nothing is on its way, checks the books and every inbox, and stops the shop.
    ///
    /// # Panics
    /// Where a message is dead, an inbox holds something else than was expected, or an invariant is
    /// broken.
    pub async fn close(self) {
        eventually("the shop to come to rest", async || {
            let on_its_way = self.rows.on_its_way().await;
            if on_its_way.is_empty() {
                Ok(())
            } else {
                Err(on_its_way.join("; "))
            }
        })
        .await;
        eventually("every queue to be empty", async || {
            let filled = self.vhost.not_empty().await;
            if filled.is_empty() {
                Ok(())
            } else {
                Err(filled.join(", "))
            }
        })
        .await;
        let dead = self.rows.dead().await;
        assert!(dead.is_empty(), "dead messages: {dead:#?}");
        let expectations = std::mem::take(&mut *locked(&self.expectations));
        for expectation in &expectations {
            let seen = self.compare(expectation).await;
            seen.unwrap_or_else(|seen| panic!("{}: {seen}", expectation.email));
        }
        self.rows
            .check(&self.standins.ledger().await)
            .await
            .assert_holds();
        self.keeps_private_what_is().await;
        self.stop().await;
    }

    /// Notes a word that must stand nowhere in clear text: not in a row, not in a log.
    pub(crate) fn keep_private(&self, word: &str) {
        locked(&self.private).insert(word.to_owned());
    }

    async fn keeps_private_what_is(&self) {
        let private = locked(&self.private).clone();
        let mut words: Vec<&str> = private.iter().map(String::as_str).collect();
        self.rows.check_for(&words).await.assert_holds();
        words.extend(SECRETS);
        let printed = std::fs::read_to_string(self.log()).expect("what the functions printed");
        let told: Vec<_> = words
            .into_iter()
            .filter(|word| printed.contains(word))
            .collect();
        assert!(told.is_empty(), "the functions' log tells {told:?}");
    }

    async fn compare(&self, expectation: &Expectation) -> Result<(), String> {
        let (mails, texts) = expected(&expectation.letters);
        let seen_mails = told_apart(&self.standins.inbox(&expectation.email).await);
        let seen_texts = told_apart(&self.standins.inbox(&expectation.phone).await);
        if (&seen_mails, &seen_texts) == (&mails, &texts) {
            return Ok(());
        }
        Err(format!(
            "e-mail {seen_mails:?} instead of {mails:?}, SMS {seen_texts:?} instead of {texts:?}"
        ))
    }

    async fn stop(self) {
        self.feeding.stop().await;
        self.watch.discard_log();
        drop(self.watch);
        self.standins.stop().await;
        self.copies.forget().await;
        // What is left are checks in the future; the fixture wants each looked at.
        self.rows.database.take_announcements().await;
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
