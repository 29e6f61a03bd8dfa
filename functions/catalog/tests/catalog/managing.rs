//! Staff change the catalogue.

mod categories;
mod office;
mod products;
mod reading;
mod refusals;
mod rules;
mod synced;
mod variants;

const LIST_PRODUCTS: &str = env!("CARGO_BIN_EXE_admin-list-products");
const GET_PRODUCT: &str = env!("CARGO_BIN_EXE_admin-get-product");
const CREATE_PRODUCT: &str = env!("CARGO_BIN_EXE_admin-create-product");
const UPDATE_PRODUCT: &str = env!("CARGO_BIN_EXE_admin-update-product");
const ARCHIVE_PRODUCT: &str = env!("CARGO_BIN_EXE_admin-archive-product");
const CREATE_VARIANT: &str = env!("CARGO_BIN_EXE_admin-create-variant");
const UPDATE_VARIANT: &str = env!("CARGO_BIN_EXE_admin-update-variant");
const DELETE_VARIANT: &str = env!("CARGO_BIN_EXE_admin-delete-variant");
const CREATE_CATEGORY: &str = env!("CARGO_BIN_EXE_admin-create-category");
const UPDATE_CATEGORY: &str = env!("CARGO_BIN_EXE_admin-update-category");
const DELETE_CATEGORY: &str = env!("CARGO_BIN_EXE_admin-delete-category");
const SYNC_PRODUCT: &str = env!("CARGO_BIN_EXE_sync-product");
