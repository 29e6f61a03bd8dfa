use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The first argument of a program that is to be the launcher.
pub(crate) const ENTER: &str = "--enter-the-enclosure";

/// What the launcher is told, as its second argument: its environment belongs to the function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// An empty folder, which becomes the root's mount point.
    pub(crate) root: PathBuf,
    /// Where the launcher notes when it became the function.
    pub(crate) entered: PathBuf,
    /// The folder that becomes `/var/task`.
    pub(crate) task: PathBuf,
    /// In bytes.
    pub(crate) memory: u64,
    /// The group whose memory is limited already, if there can be one.
    pub(crate) cgroup: Option<PathBuf>,
    /// To enter and end, without a function.
    pub(crate) trial: bool,
}

impl Spec {
    pub(crate) fn to_argument(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn from_argument(argument: &str) -> Option<Self> {
        serde_json::from_str(argument).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_what_is_heard() {
        let spec = Spec {
            root: "/tmp/root".into(),
            entered: "/tmp/entered".into(),
            task: "/work/target/lambda/health".into(),
            memory: 512 << 20,
            cgroup: None,
            trial: false,
        };
        assert_eq!(Spec::from_argument(&spec.to_argument()), Some(spec));
        assert_eq!(Spec::from_argument("nonsense"), None);
    }
}
