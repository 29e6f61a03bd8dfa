//! The functions of the area `inventory`, as deployed: their binaries, over the Lambda Runtime API.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod adjusting;
mod counter;
mod doors;
mod lists;
mod locations;
mod policies;

const ADMIN_ADJUST_STOCK: &str = env!("CARGO_BIN_EXE_admin-adjust-stock");
const ADMIN_CREATE_LOCATION: &str = env!("CARGO_BIN_EXE_admin-create-location");
const ADMIN_LIST_LOCATIONS: &str = env!("CARGO_BIN_EXE_admin-list-locations");
const ADMIN_LIST_RESERVATIONS: &str = env!("CARGO_BIN_EXE_admin-list-reservations");
const ADMIN_LIST_STOCK: &str = env!("CARGO_BIN_EXE_admin-list-stock");
const ADMIN_LIST_STOCK_MOVEMENTS: &str = env!("CARGO_BIN_EXE_admin-list-stock-movements");
const ADMIN_SET_STOCK_POLICY: &str = env!("CARGO_BIN_EXE_admin-set-stock-policy");
const ADMIN_UPDATE_LOCATION: &str = env!("CARGO_BIN_EXE_admin-update-location");
