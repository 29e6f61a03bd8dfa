//! A new migration file must rebuild the crate that embeds the folder.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
