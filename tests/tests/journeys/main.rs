//! The journeys: orders carried the whole way, through every function as a developer runs it, with
//! what goes wrong on the way.
//!
//! Most share one shop, started with the first of them; each looks only at its own order, product and
//! references. Those that take a server away have a shop of their own. After the last, the shared
//! shop must come to rest with right books ([`Shop::close`]): hence a harness with an end.

mod faults;
mod lateness;
mod paying;
mod sums;
mod tracing;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use libtest_mimic::{Arguments, Trial};
use shop_tests::{Options, Shop};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Mutex;

/// Of a piece, in kobo.
const PRICE: i64 = 1_250_000;

/// Journeys wait more than they work.
const AT_ONCE: usize = 8;

type Journey = fn(Arc<Shop>) -> LocalBoxFuture<'static, ()>;
type OwnShop = fn() -> LocalBoxFuture<'static, ()>;

macro_rules! named {
    ($($place:ident :: $journey:ident ( $($shop:ident)? )),+ $(,)?) => {
        [$((stringify!($journey), |$($shop)?| $place::$journey($($shop)?).boxed_local())),+]
    };
}

const JOURNEYS: [(&str, Journey); 13] = named![
    paying::an_order_is_placed_paid_and_confirmed(shop),
    paying::the_scheduled_check_finds_a_payment_that_nobody_told_of(shop),
    paying::a_webhook_five_times_and_before_the_callback_pays_once(shop),
    paying::a_payer_quicker_than_the_answer_to_initialize_pays_once(shop),
    paying::an_order_paid_to_the_rider_is_confirmed_without_the_provider(shop),
    sums::the_first_link_pays_and_the_second_payment_goes_back(shop),
    sums::an_underpaid_order_is_held_until_its_rest_is_paid(shop),
    sums::an_overpaid_order_is_paid_and_its_surplus_known(shop),
    sums::money_of_another_currency_credits_nothing_and_alerts_staff(shop),
    lateness::money_after_expiry_revives_an_order_whose_stock_is_left(shop),
    lateness::money_after_expiry_goes_back_where_the_stock_is_gone(shop),
    faults::a_provider_that_hangs_is_asked_later_and_the_link_is_mailed(shop),
    tracing::from_the_order_to_its_receipt_there_is_one_trace(shop),
];

const FAULTS: [(&str, OwnShop); 2] = named![
    faults::without_a_broker_orders_are_placed_and_paid_and_told_of_later(),
    faults::without_redis_the_shop_serves_on(),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let runtime = Runtime::new().expect("a runtime");
    runtime.spawn(end_with_ctrl_c());
    let shared = Arc::new(Shared::default());
    let conclusion = libtest_mimic::run(&arguments, trials(runtime.handle(), &shared));
    let closed = runtime.block_on(shared.close(conclusion.has_failed()));
    if conclusion.has_failed() || !closed {
        return ExitCode::from(101);
    }
    ExitCode::SUCCESS
}

fn trials(handle: &Handle, shared: &Arc<Shared>) -> Vec<Trial> {
    let together = JOURNEYS.map(|(name, journey)| {
        let (handle, shared) = (handle.clone(), Arc::clone(shared));
        Trial::test(name, move || {
            handle.block_on(async { journey(shared.shop().await).await });
            Ok(())
        })
    });
    let alone = FAULTS.map(|(name, journey)| {
        let handle = handle.clone();
        Trial::test(name, move || {
            handle.block_on(journey());
            Ok(())
        })
    });
    // Those that start a shop of their own first, so that they do not wait for the others at the end.
    alone.into_iter().chain(together).collect()
}

/// The shop that most journeys share.
#[derive(Default)]
struct Shared(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    NotNeededYet,
    Running(Arc<Shop>),
    /// The journey that needed it first has told why.
    Failed,
}

impl Shared {
    async fn shop(&self) -> Arc<Shop> {
        let mut state = self.0.lock().await;
        if matches!(*state, State::NotNeededYet) {
            // Left so if the start panics.
            *state = State::Failed;
            *state = State::Running(Arc::new(Shop::start(Options::default()).await));
        }
        match &*state {
            State::Running(shop) => Arc::clone(shop),
            State::NotNeededYet | State::Failed => panic!("the shared shop did not start"),
        }
    }

    /// Closes the shop, if a journey has started it; a panic tells what is wrong with its books. After
    /// a failure, what its functions have printed is kept.
    async fn close(&self, failed: bool) -> bool {
        let state = std::mem::take(&mut *self.0.lock().await);
        let State::Running(shop) = state else {
            return true;
        };
        let shop = Arc::into_inner(shop).expect("the journeys have ended");
        if failed {
            let kept = shop.log().with_file_name("journeys.log");
            if std::fs::copy(shop.log(), &kept).is_ok() {
                eprintln!(
                    "What the functions of the shared shop printed: {}",
                    kept.display()
                );
            }
        }
        AssertUnwindSafe(shop.close()).catch_unwind().await.is_ok()
    }
}

/// Ctrl-C ends this process, but not what runs in process groups of its own.
async fn end_with_ctrl_c() {
    if tokio::signal::ctrl_c().await.is_ok() {
        shop_tests::end_processes();
        std::process::exit(130);
    }
}
