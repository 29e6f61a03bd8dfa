//! What a function works with that serves a guest's order and its money.

use checkout::Resources;
use edge::GuestAccess;
use settings::Env;

/// The checkout's resources, and the key to guests' orders.
#[derive(Debug, Clone)]
pub struct Till {
    /// What the use-cases of the checkout work with.
    pub shop: Resources,
    /// Who may see which order.
    pub access: GuestAccess,
}

impl Till {
    /// Reads the settings; `None` where one is at fault, which is noted.
    pub fn read(env: &mut Env) -> Option<Self> {
        let (shop, access) = (Resources::read(env), GuestAccess::read(env));
        Some(Self {
            shop: shop?,
            access: access?,
        })
    }
}
