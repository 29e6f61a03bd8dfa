//! The function's root: what is there, and that it cannot be written to.

use std::fs;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::pivot_root;

use crate::enter::Refusal;
use crate::identity::{GROUP, USER};

/// Lambda's default for `/tmp`.
const TMP: &str = "size=512m,mode=1777";

const DEVICES: [&str; 5] = ["full", "null", "random", "urandom", "zero"];

/// Where the machine keeps its libraries, by the names that its loader looks under.
const LIBRARY_FOLDERS: [&str; 7] = [
    "/lib64",
    "/usr/lib64",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib",
];

/// Makes the root, makes it read-only, and leaves the machine's behind.
pub(crate) fn replace_root(root: &Path, task: &Path) -> Result<(), Refusal> {
    let none: Option<&Path> = None;
    // What we mount is nobody else's business.
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, "/", none, private, none).map_err(Refusal::of("keeping mounts to ourselves"))?;
    tmpfs(root, "size=1m,mode=755")?;
    bind_folder(task, &root.join("var/task"))?;
    for library in libraries() {
        bind_file(&library, &below(root, &library))?;
    }
    for device in DEVICES {
        let device = Path::new("/dev").join(device);
        bind_file(&device, &below(root, &device))?;
    }
    write_etc(&root.join("etc"))?;
    bind_proc(&root.join("proc"))?;
    make(&root.join("tmp"))?;
    seal(root)?;
    // After the seal, which would close it as well.
    tmpfs(&root.join("tmp"), TMP)?;
    step_into(root)
}

/// The machine's copies of the libraries that Lambda has; one that is found in several folders is
/// needed under each of their names.
fn libraries() -> Vec<PathBuf> {
    let named = |folder: &'static str| {
        package::ON_LAMBDA
            .iter()
            .map(move |library| Path::new(folder).join(library))
    };
    let all = LIBRARY_FOLDERS.into_iter().flat_map(named);
    all.filter(|library| library.exists()).collect()
}

fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

fn make(folder: &Path) -> Result<(), Refusal> {
    fs::create_dir_all(folder).map_err(Refusal::of("making a folder"))
}

fn tmpfs(place: &Path, options: &str) -> Result<(), Refusal> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("tmpfs"), place, Some("tmpfs"), flags, Some(options))
        .map_err(Refusal::of("mounting an empty folder"))
}

fn bind_folder(from: &Path, to: &Path) -> Result<(), Refusal> {
    make(to)?;
    bind(from, to, MsFlags::empty())?;
    seal(to)
}

/// Links are followed: what is bound is the file itself.
fn bind_file(from: &Path, to: &Path) -> Result<(), Refusal> {
    make(to.parent().unwrap_or(to))?;
    fs::write(to, "").map_err(Refusal::of("making a file"))?;
    bind(from, to, MsFlags::empty())
}

/// With everything that is mounted in it: a namespace of ours may not uncover what lies below.
fn bind_proc(to: &Path) -> Result<(), Refusal> {
    make(to)?;
    bind(Path::new("/proc"), to, MsFlags::MS_REC)?;
    seal(to)
}

fn bind(from: &Path, to: &Path, more: MsFlags) -> Result<(), Refusal> {
    let none: Option<&Path> = None;
    mount(Some(from), to, none, MsFlags::MS_BIND | more, none)
        .map_err(Refusal::of("showing a file of the machine"))
}

/// Makes what is mounted at a place read-only.
fn seal(place: &Path) -> Result<(), Refusal> {
    let none: Option<&Path> = None;
    let how = MsFlags::MS_BIND
        | MsFlags::MS_REMOUNT
        | MsFlags::MS_RDONLY
        | MsFlags::MS_NOSUID
        | MsFlags::MS_NODEV;
    mount(none, place, none, how, none).map_err(Refusal::of("closing a folder against writing"))
}

/// The files that a C library reads to find names.
fn write_etc(folder: &Path) -> Result<(), Refusal> {
    make(folder)?;
    let resolvers = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let user = format!("sbx_user1051:x:{USER}:{GROUP}::/home/sbx_user1051:/sbin/nologin\n");
    let files = [
        ("hosts", "127.0.0.1 localhost\n::1 localhost\n"),
        ("nsswitch.conf", "passwd: files\nhosts: files dns\n"),
        ("passwd", &user),
        ("resolv.conf", &resolvers),
    ];
    files.iter().try_for_each(|(name, text)| {
        fs::write(folder.join(name), text).map_err(Refusal::of("writing a file of /etc"))
    })
}

/// The old root ends up below the new one and is let go there (pivot_root(2), "pivot_root(".",
/// ".")").
fn step_into(root: &Path) -> Result<(), Refusal> {
    let refused = || Refusal::of("changing the root");
    std::env::set_current_dir(root).map_err(Refusal::of("changing the root"))?;
    pivot_root(".", ".").map_err(refused())?;
    umount2(".", MntFlags::MNT_DETACH).map_err(refused())?;
    std::env::set_current_dir("/var/task").map_err(Refusal::of("changing the root"))
}
