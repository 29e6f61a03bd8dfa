//! What the use-cases of the checkout work with.

use std::time::Duration;

use chrono::TimeDelta;
use database::Database;
use domain::Clock;
use paystack::Paystack;
use sealing::Sealer;
use settings::Env;

/// The shop's terms of payment.
#[derive(Debug, Clone)]
pub struct Terms {
    /// How long stock is kept for an order that is not paid. `RESERVATION_SECONDS`, 1800 by default,
    /// at least 900: an account for a bank transfer lives no shorter (reference/paystack.md §4.2).
    pub reservation: TimeDelta,
    /// How long an order whose provider does not answer is kept beyond that.
    pub patience: TimeDelta,
    /// When the provider is asked about an attempt that nobody has told us about.
    /// `PAYMENT_CHECK_SECONDS`, a list; the late ones find money whose webhook was lost.
    pub checks: Vec<Duration>,
    /// Where the provider sends the payer's browser; below `NEXT_PUBLIC_API_URL`.
    pub callback_url: String,
}

impl Terms {
    /// Reads the terms.
    pub fn read(env: &mut Env) -> Self {
        let api = env.required("NEXT_PUBLIC_API_URL");
        let seconds = env.parsed_or("RESERVATION_SECONDS", 1_800_u32);
        if seconds < 900 {
            env.problem("RESERVATION_SECONDS", "must be at least 900");
        }
        Self {
            reservation: TimeDelta::seconds(i64::from(seconds)),
            patience: TimeDelta::hours(1),
            checks: read_checks(env),
            callback_url: format!("{}/api/payments/callback", api.trim_end_matches('/')),
        }
    }
}

const MINUTE: u64 = 60;
const DEFAULT_CHECKS: [u64; 7] = [
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    60 * MINUTE,
    6 * 60 * MINUTE,
    24 * 60 * MINUTE,
];

fn read_checks(env: &mut Env) -> Vec<Duration> {
    let given = env.list("PAYMENT_CHECK_SECONDS");
    if given.is_empty() {
        return DEFAULT_CHECKS.map(Duration::from_secs).to_vec();
    }
    let parsed: Result<Vec<u64>, _> = given.iter().map(|text| text.parse()).collect();
    if parsed.is_err() {
        env.problem(
            "PAYMENT_CHECK_SECONDS",
            "must be whole seconds, separated by commas",
        );
    }
    parsed
        .unwrap_or_default()
        .into_iter()
        .map(Duration::from_secs)
        .collect()
}

/// What the use-cases that call the provider work with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Resources {
    /// The truth.
    pub database: Database,
    /// The provider.
    pub paystack: Paystack,
    /// For the customer's data.
    pub sealer: Sealer,
    /// The time.
    pub clock: Clock,
    /// The shop's terms.
    pub terms: Terms,
}

impl Resources {
    /// Reads what is needed from the environment.
    pub fn read(env: &mut Env) -> Option<Self> {
        let database = Database::read(env);
        let paystack = paystack::PaystackSettings::read(env);
        let (sealer, terms) = (Sealer::read(env), Terms::read(env));
        let paystack = Paystack::new(&paystack)
            .map_err(|error| env.problem("PAYSTACK_BASE_URL", &domain::chain(&error)))
            .ok();
        Some(Self {
            database: database?,
            paystack: paystack?,
            sealer: sealer?,
            clock: Clock::system(),
            terms,
        })
    }
}
