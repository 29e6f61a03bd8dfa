//! Who is told what is being done.

/// Receives what is being done and why, a sentence at a time.
pub trait Reporter: Send + Sync {
    /// A line worth keeping on the screen.
    fn say(&self, line: &str);

    /// A line worth a glance while it is true; a reporter may leave it out.
    fn detail(&self, line: &str) {
        let _ = line;
    }
}
