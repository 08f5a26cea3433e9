//! The data directory: whose it is, and the few files that are ours in it.
//! What the database holds is not known here.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use app::ports::Entropy;
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::options::StartError;

const LOCK: &str = "lock";
/// What the lock says, so that a directory is known as ours before anything in it is touched.
const MARK: &str = "Multiverse Market keeps its data here. `--fresh` removes it.\n";
const SECRET: &str = "secret";
/// A secret that is being written: renamed once it is whole, so that a killed process never
/// leaves half of one behind.
const SECRET_DRAFT: &str = "secret.new";
const DATABASE: &str = "market.db";
/// A database whose tables are being made: renamed once they all are.
const DATABASE_DRAFT: &str = "market.db.new";
/// Says that the first start's report, the only one with the admin's password, was printed.
const REPORTED: &str = "reported";
/// What no function could handle, one letter a line.
const FAILURES: &str = "failures.jsonl";
/// The book of the venue simulator inside: as if it were another's, but a market alone has one.
const VENUE_BOOK: &str = "venue.jsonl";
/// The files that SQLite keeps beside a database have its name and one of these ends.
const SQLITE_ENDS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A data directory that no other process uses as long as this value lives.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Takes the directory, and makes it if it is not there; only its owner may look into it.
    /// Files that no market made are refused where they have the names of ours.
    pub(crate) fn take(path: &Path) -> Result<Self, StartError> {
        let unusable = |source| StartError::DataDir { path: path.to_path_buf(), source };
        make_directory(path).map_err(unusable)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut lock = options.open(path.join(LOCK)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StartError::Locked(path.to_path_buf())),
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        let mut said = Vec::new();
        lock.read_to_end(&mut said).map_err(unusable)?;
        if said != MARK.as_bytes() {
            // A half of the mark is all that a process killed right here leaves behind.
            let foreign = (!MARK.as_bytes().starts_with(&said)).then(|| LOCK.to_owned());
            let foreign = foreign.or_else(|| ours().find(|name| path.join(name).exists()));
            if let Some(name) = foreign {
                return Err(StartError::Foreign(path.join(name)));
            }
            let rest = MARK.as_bytes().get(said.len()..).unwrap_or_default();
            lock.write_all(rest).map_err(unusable)?;
        }
        Ok(Self { path: path.to_path_buf(), _lock: lock })
    }

    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the database is.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Where a new database is made, with nothing there of an attempt that was cut short;
    /// nothing if there is a database already.
    pub(crate) fn database_draft(&self) -> Result<Option<PathBuf>, StartError> {
        if self.database().exists() {
            return Ok(None);
        }
        with_sqlite_files(DATABASE_DRAFT)
            .try_for_each(|name| remove(&self.path.join(name)))
            .map_err(|error| self.unusable(error))?;
        Ok(Some(self.path.join(DATABASE_DRAFT)))
    }

    /// Gives the new database its name. It must be closed: then it is whole in its one file.
    pub(crate) fn accept_database(&self) -> Result<(), StartError> {
        let draft = self.path.join(DATABASE_DRAFT);
        fs::rename(draft, self.database()).map_err(|error| self.unusable(error))
    }

    /// Removes our files, whether or not they are there; nothing else.
    pub(crate) fn clear(&self) -> Result<(), StartError> {
        ours()
            .try_for_each(|name| remove(&self.path.join(name)))
            .map_err(|error| self.unusable(error))
    }

    /// The root secret in base64, made at the first start.
    pub(crate) fn secret(&self, entropy: &dyn Entropy) -> Result<String, StartError> {
        let path = self.path.join(SECRET);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim_end().to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let secret = new_secret(entropy);
                self.write_secret(&secret).map_err(|error| self.unusable(error))?;
                Ok(secret)
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(StartError::Secret(path))
            }
            Err(error) => Err(self.unusable(error)),
        }
    }

    /// The file of the secret.
    pub(crate) fn secret_path(&self) -> PathBuf {
        self.path.join(SECRET)
    }

    fn write_secret(&self, secret: &str) -> io::Result<()> {
        let draft = self.path.join(SECRET_DRAFT);
        remove(&draft)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        writeln!(file, "{secret}")?;
        file.sync_all()?;
        fs::rename(&draft, self.path.join(SECRET))
    }

    /// The file of what no function could handle.
    pub(crate) fn failures(&self) -> PathBuf {
        self.path.join(FAILURES)
    }

    /// The file of the book of the venue inside.
    pub(crate) fn venue_book(&self) -> PathBuf {
        self.path.join(VENUE_BOOK)
    }

    /// Whether no report was ever printed.
    pub(crate) fn unreported(&self) -> bool {
        !self.path.join(REPORTED).exists()
    }

    /// Remembers that a report was printed.
    pub(crate) fn reported(&self) -> io::Result<()> {
        File::create(self.path.join(REPORTED)).map(|_| ())
    }

    fn unusable(&self, source: io::Error) -> StartError {
        StartError::DataDir { path: self.path.clone(), source }
    }
}

/// All that a fresh start removes. The lock stays, for it is held.
fn ours() -> impl Iterator<Item = String> {
    let others = [SECRET, SECRET_DRAFT, REPORTED, FAILURES, VENUE_BOOK].map(str::to_owned);
    with_sqlite_files(DATABASE).chain(with_sqlite_files(DATABASE_DRAFT)).chain(others)
}

fn with_sqlite_files(database: &'static str) -> impl Iterator<Item = String> {
    let beside = SQLITE_ENDS.iter().map(move |end| format!("{database}{end}"));
    std::iter::once(database.to_owned()).chain(beside)
}

/// 32 random bytes in base64.
pub(crate) fn new_secret(entropy: &dyn Entropy) -> String {
    let halves = [entropy.bits().to_be_bytes(), entropy.bits().to_be_bytes()];
    BASE64_STANDARD.encode(halves.concat())
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use tempfile::tempdir;
    use testkit::entropy::SeededEntropy;

    use super::*;

    #[test]
    fn a_directory_has_one_user_at_a_time() {
        let parent = tempdir().expect("a directory");
        let path = parent.path().join("a/b");
        let taken = DataDir::take(&path).expect("free");
        assert!(matches!(DataDir::take(&path), Err(StartError::Locked(_))));
        drop(taken);
        assert!(DataDir::take(&path).is_ok());
    }

    #[test]
    fn files_that_no_market_made_are_refused_and_left_alone() {
        for name in ours().chain([LOCK.to_owned()]) {
            let directory = tempdir().expect("a directory");
            let file = directory.path().join(&name);
            fs::write(&file, "mine").expect("written");
            let refused = DataDir::take(directory.path());
            assert!(
                matches!(refused, Err(StartError::Foreign(ref path)) if *path == file),
                "{name}"
            );
            assert_eq!(fs::read_to_string(&file).expect("still there"), "mine");
        }
    }

    #[test]
    fn a_directory_whose_mark_was_cut_short_is_taken() {
        let directory = tempdir().expect("a directory");
        for said in ["", &MARK[..10], MARK] {
            fs::write(directory.path().join(LOCK), said).expect("written");
            DataDir::take(directory.path()).expect("free");
            let lock = fs::read_to_string(directory.path().join(LOCK)).expect("readable");
            assert_eq!(lock, MARK);
        }
    }

    #[test]
    fn clearing_removes_our_files_and_nothing_else() {
        let directory = tempdir().expect("a directory");
        let data_dir = DataDir::take(directory.path()).expect("free");
        let foreign = ["market.db.backup", "notes.txt"].map(str::to_owned);
        for name in ours().chain(foreign) {
            fs::write(directory.path().join(name), "x").expect("written");
        }
        fs::create_dir(directory.path().join("folder")).expect("made");

        data_dir.clear().expect("cleared");

        let mut left: Vec<_> = fs::read_dir(directory.path())
            .expect("readable")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["folder", "lock", "market.db.backup", "notes.txt"]);
        data_dir.clear().expect("there is nothing left to remove");
    }

    #[test]
    fn the_secret_is_32_random_bytes_made_once_for_its_owner_alone() {
        let directory = tempdir().expect("a directory");
        let data_dir = DataDir::take(directory.path()).expect("free");
        fs::write(directory.path().join(SECRET_DRAFT), "half of a").expect("written");
        let secret = data_dir.secret(&SeededEntropy::new(1)).expect("made");
        assert_eq!(BASE64_STANDARD.decode(&secret).expect("base64").len(), 32);
        assert_eq!(data_dir.secret(&SeededEntropy::new(2)).expect("read"), secret);
        assert!(!directory.path().join(SECRET_DRAFT).exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let kept = fs::metadata(data_dir.secret_path()).expect("there");
            assert_eq!(kept.permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_in_the_directorys_place_is_unusable() {
        let directory = tempdir().expect("a directory");
        let path = directory.path().join("file");
        fs::write(&path, "x").expect("written");
        assert!(matches!(DataDir::take(&path), Err(StartError::DataDir { .. })));
    }

    #[test]
    fn a_report_is_remembered() {
        let directory = tempdir().expect("a directory");
        let data_dir = DataDir::take(directory.path()).expect("free");
        assert!(data_dir.unreported());
        data_dir.reported().expect("written");
        assert!(!data_dir.unreported());
    }
}
