mod contract;

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};

use postseal_filters::Clock;
use postseal_filters::store::{Limit, Request, Standing, Store};
use redb::StorageBackend;
use redb::backends::FileBackend;

use super::super::Embedded;
use super::*;
use crate::clock::SystemClock;
use crate::metrics::Metrics;

const LIMITS: [Limit; 1] = [Limit { width: 3_600_000, quota: 5 }];

/// The store, and what was noticed.
fn open(path: &Path) -> (Embedded, Vec<String>) {
    let mut notices = Vec::new();
    let clock: std::sync::Arc<dyn Clock> = std::sync::Arc::new(SystemClock);
    let store = Embedded::file(path, clock, 1_000, &Metrics::new().unwrap(), &mut notices);
    (store, notices)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

fn admitted(store: &dyn Store, key: &str) -> bool {
    let request = Request { key, limits: &LIMITS, cost: 1, block: 0, binding: true };
    runtime().block_on(store.admit(&[request])).unwrap()[0].verdict == Standing::Within
}

/// How many more of a key are admitted.
fn room(store: &dyn Store, key: &str) -> usize {
    (0..10).filter(|_| admitted(store, key)).count()
}

#[test]
fn counters_survive_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let (store, notices) = open(&path);
    assert_eq!((store.kind(), notices), ("file", vec![]));
    assert_eq!(room(&store, "full"), 5);
    assert!(admitted(&store, "some") && admitted(&store, "some") && admitted(&store, "gone"));
    runtime().block_on(store.block("blocked", None)).unwrap();
    runtime().block_on(store.reset("gone")).unwrap();
    store.close();
    drop(store);
    let (store, notices) = open(&path);
    assert!(notices.is_empty(), "{notices:?}");
    assert_eq!((room(&store, "full"), room(&store, "some"), room(&store, "blocked")), (0, 3, 0));
    assert_eq!(room(&store, "gone"), 5);
}

#[test]
fn what_was_written_survives_without_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("state.redb"), folder.path().join("copy.redb"));
    let (store, _) = open(&path);
    assert_eq!(room(&store, "full"), 5);
    // What a power cut leaves behind is some moment of the file.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        std::fs::copy(&path, &copy).unwrap();
        let (after, notices) = open(&copy);
        assert!(notices.is_empty(), "{notices:?}");
        if room(&after, "full") == 0 {
            return;
        }
        drop(after);
        std::fs::remove_file(&copy).unwrap();
        assert!(std::time::Instant::now() < end, "nothing was written");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_damaged_file_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let (store, _) = open(&path);
    for n in 0..500 {
        admitted(&store, &format!("key {n}"));
    }
    store.close();
    drop(store);
    let good = std::fs::read(&path).unwrap();
    let half = good[..good.len() / 2].to_vec();
    let mut flipped = good.clone();
    for octet in flipped.iter_mut().skip(4096).step_by(61) {
        *octet ^= 0x55;
    }
    let text = b"# not a database\n".to_vec();
    for damage in [half, flipped, text, vec![0; 10_000], good[..10].to_vec()] {
        for old in std::fs::read_dir(folder.path()).unwrap() {
            std::fs::remove_file(old.unwrap().path()).unwrap();
        }
        std::fs::write(&path, &damage).unwrap();
        let (store, notices) = open(&path);
        assert!(notices.len() == 1 && notices[0].contains("set aside as"), "{} octets: {notices:?}", damage.len());
        assert_eq!((store.kind(), room(&store, "key 1")), ("file", 5));
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert!(names.len() == 2 && names[1].to_string_lossy().starts_with("state.redb.damaged-"), "{names:?}");
    }
}

/// A file on a disk that is full for a while.
#[derive(Debug)]
struct Disk {
    file: FileBackend,
    full: Arc<AtomicBool>,
}

impl Disk {
    fn room(&self) -> Result<(), std::io::Error> {
        if self.full.load(Ordering::SeqCst) { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        self.room().and_then(|()| self.file.set_len(len))
    }

    fn sync_data(&self) -> Result<(), std::io::Error> {
        self.room().and_then(|()| self.file.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        self.room().and_then(|()| self.file.write(offset, data))
    }
}

#[test]
fn a_disk_that_was_full_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let memory = MemoryStore::with_journal(Arc::new(SystemClock), 1_000);
    drop(OpenedFile::open(&path, &memory, &mut Vec::new()));
    let full = Arc::new(AtomicBool::new(false));
    let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let disk = Disk { file: FileBackend::new(file).unwrap(), full: Arc::clone(&full) };
    let database = Some(builder().create_with_backend(disk).unwrap());
    let mut opened = OpenedFile { database, path: path.clone() };

    runtime().block_on(memory.block("key", None)).unwrap();
    let changes: BTreeMap<_, _> = memory.changes().into_iter().collect();
    full.store(true, Ordering::SeqCst);
    opened.write(&changes).unwrap_err();
    full.store(false, Ordering::SeqCst);
    opened.write(&changes).unwrap();
    drop(opened);

    let (store, notices) = open(&path);
    assert!(notices.is_empty(), "{notices:?}");
    assert_eq!(room(&store, "key"), 0, "the block was written");
}

#[test]
fn without_a_place_it_counts_in_memory() {
    let (store, notices) = open(Path::new("/nonexistent/state.redb"));
    assert!(notices[0].contains("a restart forgets them"), "{notices:?}");
    assert_eq!((store.kind(), room(&store, "k")), ("memory", 5));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let (first, _) = open(&path);
    let (second, notices) = open(&path);
    assert!(notices[0].contains("another process uses it"), "{notices:?}");
    assert_eq!((first.kind(), second.kind()), ("file", "memory"));
}

#[test]
fn only_the_owner_can_read_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let mode = || fs::metadata(&path).unwrap().mode() & 0o777;
    let (store, notices) = open(&path);
    assert_eq!((mode(), notices), (0o600, vec![]));
    drop(store);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let (_store, notices) = open(&path);
    assert_eq!((mode(), notices), (0o600, vec![]), "a file of an earlier version too");
}
