//! Who the function is: Lambda's unprivileged user, with Lambda's limits.

use std::fs;

use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid, getegid, geteuid, setgroups, setresgid, setresuid};

use crate::enter::Refusal;

/// The user id that functions have on Lambda (`sbx_user1051`).
pub const USER: u32 = 993;
/// That user's group.
pub const GROUP: u32 = 990;

/// AWS, "Lambda quotas": 1,024 file descriptors, 1,024 processes and threads.
const FILES: u64 = 1_024;
const THREADS: u64 = 1_024;

/// Takes namespaces of its own. Without root, a user namespace goes first: in it we may mount, and
/// are Lambda's user from the beginning.
pub(crate) fn separate() -> Result<(), Refusal> {
    let own = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS;
    if geteuid().is_root() {
        return unshare(own).map_err(Refusal::of("taking a mount namespace"));
    }
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | own).map_err(Refusal::of("taking a user namespace"))?;
    let map = |file: &str, text: String| {
        fs::write(format!("/proc/self/{file}"), text).map_err(Refusal::of("naming the user"))
    };
    map("setgroups", "deny".to_owned())?;
    map("uid_map", format!("{USER} {user} 1"))?;
    map("gid_map", format!("{GROUP} {group} 1"))
}

/// Sets the limits; those on memory only where no control group does it.
pub(crate) fn limit(memory: Option<u64>) -> Result<(), Refusal> {
    let set =
        |resource, limit| setrlimit(resource, limit, limit).map_err(Refusal::of("setting a limit"));
    set(Resource::RLIMIT_NOFILE, FILES)?;
    set(Resource::RLIMIT_NPROC, THREADS)?;
    set(Resource::RLIMIT_CORE, 0)?;
    memory.map_or(Ok(()), |memory| set(Resource::RLIMIT_DATA, memory))
}

/// Becomes the user, for good.
pub(crate) fn become_user() -> Result<(), Refusal> {
    prctl::set_no_new_privs().map_err(Refusal::of("giving up privileges"))?;
    if !geteuid().is_root() {
        // In a user namespace we are that user; what we may do there ends with the function's start.
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(USER), Gid::from_raw(GROUP));
    setgroups(&[]).map_err(Refusal::of("leaving our groups"))?;
    setresgid(group, group, group).map_err(Refusal::of("becoming the group"))?;
    setresuid(user, user, user).map_err(Refusal::of("becoming the user"))
}
