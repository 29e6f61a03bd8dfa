//! What a function works with that serves a guest's order and its money.

use checkout::Resources;
use edge::{GuestAccess, StartError};

/// The checkout's resources, and the key to guests' orders.
#[derive(Debug, Clone)]
pub struct Till {
    /// What the use-cases of the checkout work with.
    pub shop: Resources,
    /// Who may see which order.
    pub access: GuestAccess,
}

impl Till {
    /// Starts the log and reads the settings.
    ///
    /// # Errors
    /// [`StartError`], with every setting at fault.
    pub fn start() -> Result<Self, StartError> {
        let read = edge::start(|env| (Resources::read(env), GuestAccess::read(env)))?;
        let (Some(shop), Some(access)) = read else {
            return Err(StartError::unread());
        };
        Ok(Self { shop, access })
    }
}
