//! The zip, made and opened as `sam deploy` and Lambda do.

use std::fs;
use std::io::{self, Cursor, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The name, beside the binary, of the certificates that the database's is checked against:
/// `sslrootcert=/var/task/database-ca.pem`.
pub const CERTIFICATES: &str = "database-ca.pem";

/// What Python's zipfile, which `sam deploy` packs with, takes by default.
const LEVEL: i64 = 6;

/// A function's zip, in memory.
#[derive(Debug, Clone)]
pub struct Archive(Vec<u8>);

/// A folder could not be packed, or a zip not opened.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file could not be read or written.
    #[error("{0} could not be read or written")]
    File(PathBuf, #[source] io::Error),
    /// The zip itself is at fault.
    #[error("the zip could not be made or opened")]
    Zip(#[from] zip::result::ZipError),
}

impl Archive {
    /// Packs every file of a folder, as `CodeUri` names it. Folders in it are not expected: a
    /// function is one binary and a few files beside it.
    ///
    /// # Errors
    /// Where a file cannot be read, or the folder holds another.
    pub fn of_folder(folder: &Path) -> Result<Self, ArchiveError> {
        let files = files(folder)?;
        let named = |path: &Path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        Self::of_files(files.into_iter().map(|path| (named(&path), path)))
    }

    /// Packs files under names of their own.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub fn of_files(
        files: impl IntoIterator<Item = (String, PathBuf)>,
    ) -> Result<Self, ArchiveError> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, path) in files {
            let at = |error| ArchiveError::File(path.clone(), error);
            let mode = fs::metadata(&path).map_err(at)?.permissions().mode();
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .compression_level(Some(LEVEL))
                .unix_permissions(mode & 0o777);
            zip.start_file(name, options)?;
            zip.write_all(&fs::read(&path).map_err(at)?).map_err(at)?;
        }
        Ok(Self(zip.finish()?.into_inner()))
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.len() as u64
    }

    /// Opens it in a folder, with the permissions that are in it.
    ///
    /// # Errors
    /// Where it cannot be opened or written.
    pub fn open_in(&self, folder: &Path) -> Result<(), ArchiveError> {
        Ok(ZipArchive::new(Cursor::new(&self.0))?.extract(folder)?)
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let at = |error| ArchiveError::File(folder.to_owned(), error);
    let entries = fs::read_dir(folder).map_err(at)?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(at)?;
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_the_same_and_can_still_be_started() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let program = from.path().join("bootstrap");
        fs::write(&program, vec![7; 100_000]).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(from.path().join(CERTIFICATES), "a certificate").unwrap();

        let archive = Archive::of_folder(from.path()).unwrap();
        assert!(archive.size() < 1_000, "{} bytes", archive.size());
        archive.open_in(to.path()).unwrap();

        let opened = to.path().join("bootstrap");
        assert_eq!(fs::read(&opened).unwrap(), vec![7; 100_000]);
        let mode = fs::metadata(&opened).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        let certificates = fs::read_to_string(to.path().join(CERTIFICATES)).unwrap();
        assert_eq!(certificates, "a certificate");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = Archive::of_folder(Path::new("/no/such/folder")).unwrap_err();
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
    }
}
