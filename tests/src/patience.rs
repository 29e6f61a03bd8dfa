//! Waiting for what comes in its own time.

use std::time::{Duration, Instant};

/// Far beyond what a busy machine needs: reaching it means that it will not come.
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(150);

/// Looks until there is something, and answers it. `look` answers what it sees instead, which is told
/// when patience ends.
///
/// # Panics
/// After 90 s.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let began = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) if began.elapsed() > PATIENCE => {
                panic!("waited {PATIENCE:?} for {what}; last seen: {seen}")
            }
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}
