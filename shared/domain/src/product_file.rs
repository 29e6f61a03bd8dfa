//! How far a file of products is.

use crate::text::worded;

worded! {
    /// A file that staff send in.
    pub enum ImportStatus {
        /// It was promised and has not come.
        AwaitingUpload = "awaiting_upload",
        /// It is being read.
        Working = "working",
        /// Every row was worked; some may be wrong.
        Done = "done",
        /// It could not be read, or not to its end.
        Failed = "failed",
        /// It has not come in time.
        Expired = "expired",
    }
}

worded! {
    /// A file that staff have asked for.
    pub enum ExportStatus {
        /// Nobody has begun.
        Waiting = "waiting",
        /// It is being written.
        Working = "working",
        /// It can be fetched.
        Done = "done",
        /// It could not be written.
        Failed = "failed",
    }
}
