//! Every function, run as Lambda runs it: in its enclosure (read-only files, no home, Lambda's user,
//! as much memory as the template gives it), with the variables of the template and Lambda's own and
//! no other, over the Runtime API, against the real servers and the stand-ins; invoked, frozen,
//! thawed, invoked again. Each answer must be the right one.
//!
//! `cargo dev test` runs the debug builds so. `cargo dev package --run` runs what was packed, out of
//! its zip, and prints how long each took and how much memory it had.
//!
//! Has a harness of its own because it is its own launcher, and for the table at the end.

mod audience;
mod catalog;
mod certified;
mod clerk;
mod code;
mod instance;
mod inventory;
mod managing;
mod measured;
mod notifications;
mod operations;
mod orders;
mod payments;
mod surroundings;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use libtest_mimic::{Arguments, Failed, Trial};
use package::Deployed;
use tokio::runtime::{Handle, Runtime};

use crate::code::Code;
use crate::instance::Lambda;
use crate::measured::Table;

/// One function's visit: sets its scene, starts it, asks it, freezes it, asks it again.
type Visit = fn(Lambda) -> LocalBoxFuture<'static, ()>;

/// One that reads the database, for what is not a visit.
const READER: &str = "get-product";

macro_rules! visits {
    ($($name:literal => $place:ident :: $visit:ident),+ $(,)?) => {
        [$(($name, |lambda| $place::$visit(lambda).boxed_local())),+]
    };
}

const VISITS: [(&str, Visit); 50] = visits![
    "list-products" => catalog::list_products,
    "get-product" => catalog::get_product,
    "list-categories" => catalog::list_categories,
    "get-category" => catalog::get_category,
    "subscribe-back-in-stock" => catalog::subscribe_back_in_stock,
    "sync-product" => catalog::sync_product,
    "admin-list-products" => managing::admin_list_products,
    "admin-get-product" => managing::admin_get_product,
    "admin-create-product" => managing::admin_create_product,
    "admin-update-product" => managing::admin_update_product,
    "admin-archive-product" => managing::admin_archive_product,
    "admin-create-variant" => managing::admin_create_variant,
    "admin-update-variant" => managing::admin_update_variant,
    "admin-delete-variant" => managing::admin_delete_variant,
    "admin-create-category" => managing::admin_create_category,
    "admin-update-category" => managing::admin_update_category,
    "admin-delete-category" => managing::admin_delete_category,
    "admin-create-image-upload" => managing::admin_create_image_upload,
    "admin-update-image" => managing::admin_update_image,
    "admin-delete-image" => managing::admin_delete_image,
    "admin-import-products" => managing::admin_import_products,
    "admin-get-import" => managing::admin_get_import,
    "admin-export-products" => managing::admin_export_products,
    "admin-get-export" => managing::admin_get_export,
    "admin-list-stock" => inventory::admin_list_stock,
    "admin-adjust-stock" => inventory::admin_adjust_stock,
    "admin-set-stock-policy" => inventory::admin_set_stock_policy,
    "admin-list-stock-movements" => inventory::admin_list_stock_movements,
    "admin-list-reservations" => inventory::admin_list_reservations,
    "admin-list-locations" => inventory::admin_list_locations,
    "admin-create-location" => inventory::admin_create_location,
    "admin-update-location" => inventory::admin_update_location,
    "place-order" => orders::place_order,
    "get-order" => orders::get_order,
    "process-order" => orders::process_order,
    "expire-orders" => orders::expire_orders,
    "start-payment" => payments::start_payment,
    "get-payment" => payments::get_payment,
    "payment-callback" => payments::payment_callback,
    "paystack-webhook" => payments::paystack_webhook,
    "process-payment" => payments::process_payment,
    "send-notification" => notifications::send_notification,
    "relay-outbox" => operations::relay_outbox,
    "declare-queues" => operations::declare_queues,
    "migrate" => operations::migrate,
    "health" => operations::health,
    "admin-list-dead-messages" => operations::admin_list_dead_messages,
    "admin-replay-message" => operations::admin_replay_message,
    "admin-discard-message" => operations::admin_discard_message,
    "admin-stream-activity" => operations::admin_stream_activity,
];

fn main() -> ExitCode {
    enclosure::enter_if_asked();
    let arguments = Arguments::from_args();
    let code = Code::find();
    let enclosed = match (enclosure::possible(), &code) {
        (Ok(()), _) => true,
        (Err(why), Code::Packed(_)) => {
            eprintln!("What was packed cannot be run as Lambda would: {why}");
            return ExitCode::from(101);
        }
        (Err(why), Code::Built(_)) => {
            eprintln!("WITHOUT LAMBDA'S FILES, USER AND MEMORY, for {why}");
            false
        }
    };
    let runtime = Runtime::new().expect("a runtime");
    let machine = Machine {
        handle: runtime.handle().clone(),
        code: Arc::new(code),
        table: Arc::default(),
        enclosed,
    };
    let conclusion = libtest_mimic::run(&arguments, trials(&machine));
    machine.table.print();
    conclusion.exit_code()
}

/// What every visit needs.
#[derive(Clone)]
struct Machine {
    handle: Handle,
    code: Arc<Code>,
    table: Arc<Table>,
    enclosed: bool,
}

impl Machine {
    fn run(self, visit: Visit, deployed: Deployed) {
        let lambda = Lambda::new(deployed, self.code, self.table, self.enclosed);
        self.handle.block_on(visit(lambda));
    }

    /// A trial that needs what the template says of a function.
    fn trial(&self, name: &str, visit: Option<Visit>, deployed: Option<&Deployed>) -> Trial {
        let (machine, deployed) = (self.clone(), deployed.cloned());
        let function = name.to_owned();
        Trial::test(name, move || {
            let visit =
                visit.ok_or_else(|| Failed::from(format!("{function} is not visited here")))?;
            let deployed = deployed.ok_or("it is not in template.yaml")?;
            machine.run(visit, deployed);
            Ok(())
        })
    }
}

/// A trial for each function that there is, in the code or in the template: one that is missing here
/// or in one of them is a failure with its name.
fn trials(machine: &Machine) -> Vec<Trial> {
    let deployed = surroundings::deployed();
    let visits: BTreeMap<&str, Visit> = VISITS.into_iter().collect();
    let names: BTreeSet<String> = code::functions()
        .into_iter()
        .chain(deployed.keys().cloned())
        .chain(visits.keys().map(|name| (*name).to_owned()))
        .filter(|name| code::is_chosen(name))
        .collect();
    let visited = names.iter().map(|name| {
        let visit = visits.get(name.as_str()).copied();
        machine.trial(name, visit, deployed.get(name))
    });
    let distrust = code::is_chosen(READER).then(|| {
        let visit: Visit = |lambda| catalog::distrust(lambda).boxed_local();
        let name = "a_database_of_another_authority_is_not_trusted";
        machine.trial(name, Some(visit), deployed.get(READER))
    });
    let refused = machine.code.built(READER).map(|binary| {
        Trial::test("a_debug_build_may_not_be_sent", move || {
            code::assert_not_sent(&binary)
        })
    });
    visited.chain(distrust).chain(refused).collect()
}
