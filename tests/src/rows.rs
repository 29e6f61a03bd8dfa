//! The shop's rows, as the person with `psql` sees them.

use database::testing::TestDatabase;
use database::{Connection, PgConnection};
use domain::VariantId;
use invariants::{Ledger, Report};

/// A look into a shop's database.
pub struct Rows {
    pub(crate) database: TestDatabase,
}

/// A stock movement: its kind, and what it did to `on_hand` and to `reserved`.
pub type Movement = (String, i64, i64);

impl Rows {
    pub(crate) async fn create() -> Self {
        Self {
            database: TestDatabase::create().await,
        }
    }

    /// A connection.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn connection(&self) -> Connection {
        self.database
            .database
            .connection()
            .await
            .expect("the shop's database answers")
    }

    /// A product of its own for a test: one variant at `price` kobo, so many on the shelf.
    pub async fn product(&self, price: i64, on_hand: i64) -> VariantId {
        stock::testing::a_product(&mut *self.connection().await, price, on_hand).await
    }

    /// `(on_hand, reserved)` of a variant.
    pub async fn stock(&self, variant: VariantId) -> (i64, i64) {
        stock::testing::counters(&mut *self.connection().await, variant).await
    }

    /// What happened to a variant's stock, the oldest first.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn movements(&self, variant: VariantId) -> Vec<Movement> {
        sqlx::query_as(
            "SELECT kind, on_hand, reserved FROM stock_movements WHERE variant_id = $1 ORDER BY id",
        )
        .bind(variant.uuid())
        .fetch_all(&mut *self.connection().await)
        .await
        .expect("movements")
    }

    /// The states of an order's reservations.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn reservations(&self, order: &str) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT r.status FROM stock_reservations r JOIN orders o ON o.id = r.order_id
             WHERE o.number = $1",
        )
        .bind(order)
        .fetch_all(&mut *self.connection().await)
        .await
        .expect("reservations")
    }

    /// What of a payment is above the debt, in kobo.
    ///
    /// # Panics
    /// Where there is no such payment.
    pub async fn surplus(&self, reference: &str) -> i64 {
        sqlx::query_scalar("SELECT surplus_amount FROM payments WHERE reference = $1")
            .bind(reference)
            .fetch_one(&mut *self.connection().await)
            .await
            .expect("the payment")
    }

    /// The refunds of a payment: reason, status, amount.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn refunds(&self, reference: &str) -> Vec<(String, String, i64)> {
        sqlx::query_as(
            "SELECT r.reason, r.status, r.amount FROM refunds r
             JOIN payments p ON p.id = r.payment_id WHERE p.reference = $1",
        )
        .bind(reference)
        .fetch_all(&mut *self.connection().await)
        .await
        .expect("refunds")
    }

    /// Why a reference credits nothing, and how much of which currency it holds.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn unmatched(&self, reference: &str) -> Option<(String, i64, String)> {
        sqlx::query_as(
            "SELECT reason, amount, currency FROM unmatched_payments WHERE reference = $1",
        )
        .bind(reference)
        .fetch_optional(&mut *self.connection().await)
        .await
        .expect("unmatched payments")
    }

    /// How often staff were alerted about a reference in this way.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn alerts(&self, kind: &str, reference: &str) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM activity WHERE alert AND kind = $1 AND detail->>'reference' = $2",
        )
        .bind(kind)
        .bind(reference)
        .fetch_one(&mut *self.connection().await)
        .await
        .expect("activity")
    }

    /// How many events of an order wait to be published.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn waiting(&self, order: &str) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT x.type FROM outbox x JOIN orders o ON x.payload->>'order_id' = o.id::text
             WHERE o.number = $1 ORDER BY x.type",
        )
        .bind(order)
        .fetch_all(&mut *self.connection().await)
        .await
        .expect("the outbox")
    }

    /// How often the success of a payment was told by webhook: rows kept, times told.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn successes_told(&self, reference: &str) -> (i64, i64) {
        sqlx::query_as(
            "SELECT count(*), coalesce(sum(w.times), 0)::bigint
             FROM webhook_inbox w JOIN payments p
                ON w.key LIKE format('charge.success:%s:%%', p.provider_transaction_id)
             WHERE p.reference = $1",
        )
        .bind(reference)
        .fetch_one(&mut *self.connection().await)
        .await
        .expect("the webhook inbox")
    }

    /// Lets an order's time to pay end a minute ago.
    ///
    /// # Panics
    /// Where there is no such order.
    pub async fn let_time_run_out(&self, order: &str) {
        let done = sqlx::query(
            "UPDATE orders SET expires_at = now() - interval '1 minute' WHERE number = $1",
        )
        .bind(order)
        .execute(&mut *self.connection().await)
        .await
        .expect("the order can be changed");
        assert_eq!(done.rows_affected(), 1, "{order}");
    }

    /// Messages that could not be worked, each with its reason.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn dead(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT format('%s %s: %s', queue, type, error) FROM dead_messages")
            .fetch_all(&mut *self.connection().await)
            .await
            .expect("dead messages")
    }

    /// What is still on its way: announcements that are due, messages not sent yet, refunds that the
    /// provider has not finished.
    pub(crate) async fn on_its_way(&self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT 'outbox ' || type FROM outbox WHERE available_at <= now() + interval '3 seconds'
             UNION ALL
             SELECT format('%s by %s, %s, %s', kind, channel, status, error) FROM notifications
             WHERE status IN ('requested', 'sending')
             UNION ALL
             SELECT 'refund ' || status FROM refunds WHERE status IN ('requested', 'sending', 'pending')",
        )
        .fetch_all(&mut *self.connection().await)
        .await
        .expect("the shop's database answers")
    }

    pub(crate) async fn check(&self, ledger: &Ledger) -> Report {
        let mut connection = self.connection().await;
        let connection: &mut PgConnection = &mut connection;
        invariants::check_at_rest(connection, Some(ledger), 0)
            .await
            .expect("the books can be read")
    }

    pub(crate) async fn check_for(&self, private: &[&str]) -> Report {
        let mut connection = self.connection().await;
        let connection: &mut PgConnection = &mut connection;
        invariants::check_canaries(connection, private)
            .await
            .expect("the rows can be read")
    }
}
