//! A memory control group below this process's own, in either version of the interface.
//!
//! Sources: the kernel's documentation, `admin-guide/cgroup-v1/memory` and `admin-guide/cgroup-v2`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A group without processes but those that the launcher brings.
#[derive(Debug)]
pub(crate) struct Cgroup(PathBuf);

/// The files that limit memory: the limit, and in the first version the one that adds swap.
const LIMITS: [(&str, Option<&str>); 2] = [
    ("memory.max", None),
    ("memory.limit_in_bytes", Some("memory.memsw.limit_in_bytes")),
];

impl Cgroup {
    /// Makes one, if this machine lets us.
    pub(crate) fn with_memory(bytes: u64) -> Option<Self> {
        let memberships = fs::read_to_string("/proc/self/cgroup").ok()?;
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        homes(&memberships, &mounts)
            .iter()
            .find_map(|home| Self::below(home, bytes).ok())
    }

    fn below(home: &Path, bytes: u64) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let group = home.join(format!("lambda-{}-{number}", std::process::id()));
        fs::create_dir(&group)?;
        // From here on dropping it removes it.
        let group = Self(group);
        group.limit(bytes)?;
        Ok(group)
    }

    fn limit(&self, bytes: u64) -> io::Result<()> {
        let there = LIMITS.iter().find(|(limit, _)| self.0.join(limit).exists());
        let &(limit, with_swap) = there.ok_or(io::ErrorKind::Unsupported)?;
        fs::write(self.0.join(limit), bytes.to_string())?;
        if let Some(with_swap) = with_swap {
            // A kernel that does not count swap has no such file.
            let _ = fs::write(self.0.join(with_swap), bytes.to_string());
        }
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Cgroup {
    /// The process has been waited for, but its memory may take a moment to be given back.
    fn drop(&mut self) {
        for _ in 0..50 {
            if fs::remove_dir(&self.0).is_ok() || !self.0.exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Where a group could be made: below our own; in the second version, where a group with processes
/// has no limited children, beside our own.
fn homes(memberships: &str, mounts: &str) -> Vec<PathBuf> {
    let own = |line: &str| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        let kind = if controllers.is_empty() {
            "cgroup2"
        } else {
            "cgroup"
        };
        let memory = controllers.is_empty() || controllers.split(',').any(|c| c == "memory");
        memory.then(|| place(mounts, kind, path)).flatten()
    };
    let homes: Vec<PathBuf> = memberships.lines().filter_map(own).collect();
    let beside = homes
        .iter()
        .filter_map(|home| home.parent().map(Path::to_owned));
    homes
        .iter()
        .cloned()
        .chain(beside.collect::<Vec<_>>())
        .collect()
}

/// A group's folder: the mount that shows it, and the rest of its path below that mount's root.
fn place(mounts: &str, kind: &str, group: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (mount, filesystem) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?, mount.next()?);
        let mut filesystem = filesystem.split(' ');
        let same_kind = filesystem.next()? == kind;
        let options = filesystem.nth(1)?;
        let memory = kind == "cgroup2" || options.split(',').any(|option| option == "memory");
        let rest = group.strip_prefix(root.trim_end_matches('/'))?;
        (same_kind && memory).then(|| Path::new(point).join(rest.trim_start_matches('/')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_the_first_version_is_made_below_our_own() {
        let memberships = "9:name=systemd:/\n4:memory:/jobs/a1\n1:cpu:/\n0::/\n";
        let mounts = "30 25 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
            31 25 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
        let homes = homes(memberships, mounts);
        assert_eq!(homes[0], Path::new("/sys/fs/cgroup/memory/jobs/a1"));
    }

    #[test]
    fn a_group_of_the_second_version_is_made_below_or_beside_our_own() {
        let mounts = "30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
        let homes = homes("0::/user.slice/shell.scope\n", mounts);
        let own = "/sys/fs/cgroup/user.slice/shell.scope";
        assert_eq!(
            homes,
            [Path::new(own), Path::new("/sys/fs/cgroup/user.slice")]
        );
    }

    #[test]
    fn a_container_sees_its_group_as_the_mounts_root() {
        let mounts = "30 25 0:26 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
        assert_eq!(
            homes("0::/docker/ab\n", mounts)[0],
            Path::new("/sys/fs/cgroup/")
        );
    }
}
