//! The copy of the counters on disk: an embedded database that survives a crash, a kill and a power cut.
//!
//! Twice a second a thread writes the changes, in one transaction that is on disk when it ends. So at most the last second
//! is lost. A file that can't be read is renamed and a new one begun: limits that forget are better than a service that
//! doesn't start.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use postseal_filters::store::MemoryStore;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use super::StoreMetrics;
use crate::clock;
use crate::log::Throttle;

const COUNTERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("counters");
/// The pause between two writes.
const PERIOD: Duration = Duration::from_millis(500);
/// Octets of the file that the database may keep in memory; the counters are there anyway.
const CACHE: usize = 8 << 20;
const OWNER_ONLY: u32 = 0o600;
const WARNING_PAUSE: Duration = Duration::from_secs(60);

/// The file, open.
pub(super) struct OpenedFile {
    /// `None` after a failed write: the database then takes no more, even when there is room again, until it is opened
    /// anew.
    database: Option<Database>,
    path: PathBuf,
}

impl OpenedFile {
    /// Opens the file and takes its counters into memory; `None` if there can be no file. The reason is added to
    /// `notices`.
    pub(super) fn open(path: &Path, memory: &MemoryStore, notices: &mut Vec<String>) -> Option<Self> {
        let mut first = attempt(path, memory);
        if let Err(FileFailure::Damaged(reason)) = &first {
            match set_aside(path) {
                Ok(aside) => notices.push(format!(
                    "{}: {reason}; it was set aside as {}, and counting begins anew",
                    path.display(),
                    aside.display()
                )),
                Err(error) => notices.push(format!("{}: can't be set aside: {error}", path.display())),
            }
            first = attempt(path, memory);
        }
        match first {
            Ok(database) => Some(Self { database: Some(database), path: path.to_owned() }),
            Err(FileFailure::Damaged(reason) | FileFailure::Unusable(reason)) => {
                notices.push(format!(
                    "{}: {reason}; limits are counted in memory, and a restart forgets them",
                    path.display()
                ));
                None
            }
        }
    }

    /// Writes changes; they are on disk when this returns.
    fn write(&mut self, changes: &BTreeMap<Box<str>, Option<Vec<u8>>>) -> Result<(), redb::Error> {
        let database = match self.database.take() {
            Some(database) => database,
            None => builder().open(&self.path)?,
        };
        let transaction = database.begin_write()?;
        {
            let mut table = transaction.open_table(COUNTERS)?;
            for (key, state) in changes {
                match state {
                    Some(octets) => drop(table.insert(&**key, octets.as_slice())?),
                    None => drop(table.remove(&**key)?),
                }
            }
        }
        transaction.commit()?;
        self.database = Some(database);
        Ok(())
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    builder
}

enum FileFailure {
    /// There is a file, and it is damaged.
    Damaged(String),
    /// There can be no file.
    Unusable(String),
}

/// Opens and reads. A file that was damaged from outside may make the database panic.
fn attempt(path: &Path, memory: &MemoryStore) -> Result<Database, FileFailure> {
    let read = catch_unwind(AssertUnwindSafe(|| -> Result<Database, redb::Error> {
        make_private(path)?;
        let mut database = builder().create(path)?;
        database.check_integrity()?;
        let transaction = database.begin_write()?;
        // The table is made if it is missing, so that there is one to open.
        transaction.open_table(COUNTERS)?;
        transaction.commit()?;
        for entry in database.begin_read()?.open_table(COUNTERS)?.iter()? {
            let (key, state) = entry?;
            memory.load(key.value(), state.value());
        }
        // The counters that were just read are no changes.
        drop(memory.changes());
        Ok(database)
    }));
    match read {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(redb::Error::Io(error)))
            if error.kind() != io::ErrorKind::InvalidData && error.kind() != io::ErrorKind::UnexpectedEof =>
        {
            Err(FileFailure::Unusable(error.to_string()))
        }
        Ok(Err(redb::Error::DatabaseAlreadyOpen)) => Err(FileFailure::Unusable("another process uses it".to_owned())),
        Ok(Err(error)) => Err(FileFailure::Damaged(format!("can't be read ({error})"))),
        Err(_) => Err(FileFailure::Damaged("can't be read".to_owned())),
    }
}

/// Makes the file, or takes away the rights of others: the names of counters are logins and addresses.
fn make_private(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made.map(drop),
    }
    let found = fs::symlink_metadata(path)?;
    // A file of another owner stays as it is: the owner may want others to read the file.
    if found.is_file() && found.mode() & 0o077 != 0 && found.uid() == nix::unistd::geteuid().as_raw() {
        fs::set_permissions(path, fs::Permissions::from_mode(OWNER_ONLY))?;
    }
    Ok(())
}

/// Gives the file another name.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".damaged-{}", clock::since_epoch().as_secs()));
    let aside = PathBuf::from(name);
    fs::rename(path, &aside)?;
    Ok(aside)
}

/// The thread that writes changes.
pub(super) struct Journal {
    running: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

impl Journal {
    pub(super) fn start(opened: OpenedFile, memory: &Arc<MemoryStore>, metrics: StoreMetrics) -> Self {
        let memory = Arc::clone(memory);
        let (stop, stopped) = mpsc::channel();
        let write = move || {
            let mut writer =
                JournalWriter { opened, metrics, unwritten: BTreeMap::new(), failures: Throttle::new(WARNING_PAUSE) };
            loop {
                let end = stopped.recv_timeout(PERIOD) != Err(RecvTimeoutError::Timeout);
                writer.unwritten.extend(memory.changes());
                writer.write();
                if end {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("store-file".to_owned()).spawn(write);
        Self { running: Mutex::new(thread.ok().map(|thread| (stop, thread))) }
    }

    /// Writes the rest, and ends.
    pub(super) fn close(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((stop, thread)) = running {
            drop(stop);
            let _ = thread.join();
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close();
    }
}

struct JournalWriter {
    opened: OpenedFile,
    metrics: StoreMetrics,
    /// The last state of every key that has changed; kept until it is on disk.
    unwritten: BTreeMap<Box<str>, Option<Vec<u8>>>,
    failures: Throttle,
}

impl JournalWriter {
    fn write(&mut self) {
        if self.unwritten.is_empty() {
            return;
        }
        match self.opened.write(&self.unwritten) {
            Ok(()) => self.unwritten.clear(),
            Err(error) => {
                self.metrics.error("write");
                if let Some(suppressed) = self.failures.pass() {
                    let path = self.opened.path.display();
                    tracing::warn!(event = "store", %path, %error, suppressed, "counters can't be written; limits go on in memory");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
