use std::fmt;
use std::path::Path;

use crate::cgroup::Cgroup;

/// How a function's memory is limited.
#[derive(Debug)]
pub enum Memory {
    /// A control group of its own: everything that is charged to the process, its pages of files
    /// and of `/tmp` included. Stricter than Lambda, which gives `/tmp` besides.
    Cgroup(Group),
    /// `RLIMIT_DATA`, where no group can be made: private memory that may be written to, reserved
    /// whether used or not. Weaker than Lambda in that shared pages and files do not count, stricter
    /// in that memory counts that was never touched.
    DataLimit,
}

/// A control group that is removed with its owner.
#[derive(Debug)]
pub struct Group(Cgroup);

impl Group {
    /// Its folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Memory {
    pub(crate) fn limited_to(bytes: u64) -> Self {
        Cgroup::with_memory(bytes).map_or(Self::DataLimit, |group| Self::Cgroup(Group(group)))
    }

    pub(crate) fn cgroup(&self) -> Option<&Path> {
        match self {
            Self::Cgroup(Group(group)) => Some(group.path()),
            Self::DataLimit => None,
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cgroup(_) => "a control group",
            Self::DataLimit => "RLIMIT_DATA, as no control group can be made here",
        })
    }
}
