//! Categories: made, changed, moved, removed.
