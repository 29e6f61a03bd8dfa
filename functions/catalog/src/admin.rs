//! What staff send when they change the catalogue, and what they are shown.

mod answer;
mod category;
mod options;
mod patch;
mod price;
mod refusal;
mod variant;

pub use answer::{AdminProductBody, AdminVariantBody, CategoryReferenceBody};
pub use category::{AdminCategoryBody, category_refused};
pub use options::{OptionBody, options};
pub use patch::{id, id_or_null, unset, word};
pub use price::{PriceBody, price_or_null, shelf_price};
pub use refusal::{Place, refused};
pub use variant::{VariantBody, combination, position};
