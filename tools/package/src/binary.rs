//! What a finished binary says of itself.

use std::collections::BTreeSet;

use object::read::elf::{ElfFile64, FileHeader as _};
use object::{Endianness, Object as _};

use crate::marks::{self, Mark};
use crate::{Architecture, Glibc};

/// The libraries of `provided.al2023` that a Rust program may use: glibc's own and the unwinder.
pub const ON_LAMBDA: [&str; 10] = [
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
];

/// A binary, as far as it decides whether Lambda can run it and may be sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// What it runs on; none where Lambda has no such processor.
    pub architecture: Option<Architecture>,
    /// The shared libraries that the loader must find.
    pub libraries: BTreeSet<String>,
    /// The newest version of glibc that any of its symbols asks for.
    pub glibc: Option<Glibc>,
    /// The functions that it takes out of those libraries.
    pub imports: BTreeSet<String>,
    /// What it holds and must not.
    pub marks: Vec<Mark>,
}

/// The bytes are not a binary that could be read.
#[derive(Debug, thiserror::Error)]
#[error("not a 64-bit ELF binary")]
pub struct BinaryError(#[from] object::read::Error);

/// A reason not to send a binary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is for another processor.
    #[error("it is for {}, not for {wanted}", found.map_or_else(|| "another processor".to_owned(), |a| a.to_string()))]
    Architecture {
        /// The processor it runs on.
        found: Option<Architecture>,
        /// The processor it is to be sent to.
        wanted: Architecture,
    },
    /// It needs a newer C library than Lambda has.
    #[error("it needs glibc {0}; provided.al2023 has {lambda}", lambda = Glibc::OF_LAMBDA)]
    TooNew(Glibc),
    /// It needs a library that Lambda does not have, or that must not be there.
    #[error("it needs the library {0}, which provided.al2023 does not give it")]
    Library(String),
    /// It calls into a TLS library of the system.
    #[error("it calls {0}: another TLS provider than ring")]
    Import(String),
    /// It holds what must not be sent.
    #[error("it holds {0}")]
    Holds(Mark),
}

impl Binary {
    /// Reads a binary. `private` are texts of this machine that it must not hold, such as the path of
    /// the work tree; they are named, not shown.
    ///
    /// # Errors
    /// Where the bytes are no 64-bit ELF file.
    pub fn read(bytes: &[u8], private: &[(&'static str, String)]) -> Result<Self, BinaryError> {
        let elf = ElfFile64::<Endianness>::parse(bytes)?;
        let imports = elf.imports()?;
        let imports = imports.iter().map(|import| text(import.name()));
        Ok(Self {
            architecture: architecture(&elf),
            libraries: libraries(&elf)?,
            glibc: newest_glibc(&elf)?,
            imports: imports.collect(),
            marks: marks::found(bytes, private),
        })
    }

    /// Every reason not to send it to a function of this architecture.
    #[must_use]
    pub fn faults(&self, wanted: Architecture) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.architecture != Some(wanted) {
            let found = self.architecture;
            faults.push(Fault::Architecture { found, wanted });
        }
        faults.extend(
            self.glibc
                .filter(|glibc| *glibc > Glibc::OF_LAMBDA)
                .map(Fault::TooNew),
        );
        let strange = self.libraries.iter();
        let strange = strange.filter(|library| !ON_LAMBDA.contains(&library.as_str()));
        faults.extend(strange.cloned().map(Fault::Library));
        let foreign = self
            .imports
            .iter()
            .filter(|name| marks::is_foreign_tls(name));
        faults.extend(foreign.cloned().map(Fault::Import));
        faults.extend(self.marks.iter().cloned().map(Fault::Holds));
        faults
    }
}

type Elf<'a> = ElfFile64<'a, Endianness>;

fn architecture(elf: &Elf<'_>) -> Option<Architecture> {
    let known = [
        (object::Architecture::X86_64, Architecture::X86_64),
        (object::Architecture::Aarch64, Architecture::Arm64),
    ];
    let own = elf.architecture();
    let found = known.into_iter().find(|(theirs, _)| *theirs == own);
    found.map(|(_, ours)| ours)
}

fn libraries(elf: &Elf<'_>) -> object::read::Result<BTreeSet<String>> {
    let table = elf.elf_dynamic_table()?;
    let needed = table
        .iter()
        .filter(|entry| entry.tag == object::elf::DT_NEEDED);
    needed.map(|entry| table.string(entry).map(text)).collect()
}

/// The loader refuses a binary one of whose needed versions is missing, used or not: so the table
/// of needs is read and not the symbols.
fn newest_glibc(elf: &Elf<'_>) -> object::read::Result<Option<Glibc>> {
    let (header, data) = (elf.elf_header(), elf.data());
    let endian = header.endian()?;
    let sections = elf.elf_section_table();
    let Some((mut needs, strings)) = sections.gnu_verneed(endian, data)? else {
        return Ok(None);
    };
    let strings = sections.strings(endian, data, strings)?;
    let mut newest = None;
    while let Some((_, mut versions)) = needs.next()? {
        while let Some(version) = versions.next()? {
            let version = text(version.name(endian, strings)?);
            newest = newest.max(Glibc::of_symbol(&version));
        }
    }
    Ok(newest)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This test's own binary: it runs on this machine, as an ELF file of this architecture.
    fn own() -> Vec<u8> {
        std::fs::read(std::env::current_exe().unwrap()).unwrap()
    }

    fn here() -> Architecture {
        Architecture::of_this_machine().unwrap()
    }

    fn with(mut bytes: Vec<u8>, replaced: &[u8], by: &[u8]) -> Vec<u8> {
        assert_eq!(replaced.len(), by.len());
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, replaced).collect();
        assert!(!places.is_empty(), "{}", text(replaced));
        for place in places {
            bytes[place..place + by.len()].copy_from_slice(by);
        }
        bytes
    }

    #[test]
    fn a_binary_tells_its_processor_its_libraries_and_what_it_needs_of_glibc() {
        let binary = Binary::read(&own(), &[]).unwrap();
        assert_eq!(binary.architecture, Some(here()));
        assert!(binary.libraries.contains("libc.so.6"), "{binary:?}");
        assert!(binary.glibc > Some(Glibc(2, 2)), "{:?}", binary.glibc);
        assert!(binary.imports.contains("memcpy"), "{:?}", binary.imports);
    }

    #[test]
    fn a_binary_that_needs_a_newer_glibc_is_not_sent() {
        let needed = Binary::read(&own(), &[]).unwrap().glibc.unwrap();
        let name = format!("GLIBC_{needed}\0");
        let planted = name.replace(&needed.to_string(), "2.99");
        let binary = Binary::read(&with(own(), name.as_bytes(), planted.as_bytes()), &[]).unwrap();
        let faults = binary.faults(here());
        assert!(faults.contains(&Fault::TooNew(Glibc(2, 99))), "{faults:?}");
        let told = Fault::TooNew(Glibc(2, 99)).to_string();
        assert_eq!(told, "it needs glibc 2.99; provided.al2023 has 2.34");
    }

    #[test]
    fn a_binary_for_another_processor_is_not_sent() {
        let other = match here() {
            Architecture::X86_64 => Architecture::Arm64,
            Architecture::Arm64 => Architecture::X86_64,
        };
        let faults = Binary::read(&own(), &[]).unwrap().faults(other);
        let fault = Fault::Architecture {
            found: Some(here()),
            wanted: other,
        };
        assert!(faults.contains(&fault), "{faults:?}");
    }

    #[test]
    fn a_library_that_lambda_lacks_is_named() {
        // Of the same length, so that nothing else moves.
        let bytes = with(own(), b"libc.so.6\0", b"libz.so.1\0");
        let faults = Binary::read(&bytes, &[]).unwrap().faults(here());
        assert!(
            faults.contains(&Fault::Library("libz.so.1".to_owned())),
            "{faults:?}"
        );
    }

    #[test]
    fn a_call_into_openssl_is_named() {
        let mut binary = Binary::read(&own(), &[]).unwrap();
        binary.imports.insert("SSL_CTX_new".to_owned());
        let faults = binary.faults(here());
        assert!(
            faults.contains(&Fault::Import("SSL_CTX_new".to_owned())),
            "{faults:?}"
        );
    }

    #[test]
    fn what_is_no_binary_is_refused() {
        assert!(Binary::read(b"#!/bin/sh\n", &[]).is_err());
    }
}
