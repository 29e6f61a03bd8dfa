use std::fmt;

/// The processors that Lambda has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Intel and AMD; `x86_64` in the template.
    X86_64,
    /// Graviton; `arm64` in the template.
    Arm64,
}

impl Architecture {
    /// This machine's, if it is one of them.
    #[must_use]
    pub fn of_this_machine() -> Option<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Self::X86_64),
            "aarch64" => Some(Self::Arm64),
            _ => None,
        }
    }

    /// Rust's name of the target.
    #[must_use]
    pub const fn triple(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    /// The target with the version of glibc behind it, as cargo-zigbuild wants it: zig then links
    /// against that version's symbols, whatever this machine has.
    #[must_use]
    pub fn pinned_triple(self) -> String {
        let Glibc(major, minor) = Glibc::OF_LAMBDA;
        format!("{}.{major}.{minor}", self.triple())
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        })
    }
}

/// A version of the C library; what needs 2.34 runs on 2.34 and everything newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glibc(pub u16, pub u16);

impl Glibc {
    /// Of `provided.al2023` (Amazon Linux 2023, its release notes: glibc 2.34).
    pub const OF_LAMBDA: Self = Self(2, 34);

    /// Reads a symbol's version such as `GLIBC_2.34` or `GLIBC_2.2.5`; versions of other libraries
    /// and of glibc's own inside (`GLIBC_PRIVATE`) are none.
    #[must_use]
    pub fn of_symbol(version: &str) -> Option<Self> {
        let mut parts = version.strip_prefix("GLIBC_")?.split('.');
        let mut part = || parts.next()?.parse().ok();
        Some(Self(part()?, part()?))
    }
}

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbols_version_is_compared_as_numbers() {
        assert_eq!(Glibc::of_symbol("GLIBC_2.2.5"), Some(Glibc(2, 2)));
        assert!(Glibc::of_symbol("GLIBC_2.4") < Glibc::of_symbol("GLIBC_2.34"));
        assert!(Glibc::of_symbol("GLIBC_2.35") > Some(Glibc::OF_LAMBDA));
        assert_eq!(Glibc::of_symbol("GCC_3.0"), None);
        assert_eq!(Glibc::of_symbol("GLIBC_PRIVATE"), None);
    }

    #[test]
    fn zig_is_told_the_version_to_link_against() {
        let arm = Architecture::Arm64.pinned_triple();
        assert_eq!(arm, "aarch64-unknown-linux-gnu.2.34");
    }
}
