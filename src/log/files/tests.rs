//! Both file systems keep the same promises, and the memory breaks them when told to.

use std::path::PathBuf;

use super::disk::Disk;
use super::memory::{Call, MemoryFiles};
use super::*;

fn keeps_promises(files: &dyn Files, dir: &Path) {
    files.create_dir(&dir.join("a/b")).unwrap();
    let path = dir.join("a/b/file");
    assert_eq!(files.open(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
    let file = files.create(&path).unwrap();
    file.pwritev(&mut [IoSlice::new(b"hello, "), IoSlice::new(b""), IoSlice::new(b"world")], 2)
        .unwrap();
    file.allocate(14, 1 << 20).unwrap();
    assert_eq!(file.len().unwrap(), 14);
    assert_eq!(files.len(&path).unwrap(), 14);
    file.truncate(9).unwrap();
    file.fdatasync().unwrap();
    assert_eq!(files.read(&path).unwrap(), b"\0\0hello, ");
    let mut buffer = [0; 4];
    assert_eq!(file.read_at(&mut buffer, 7).unwrap(), 2);
    assert!(read_exact_at(&*file, &mut buffer, 7).is_err());
    read_exact_at(&*file, &mut buffer, 3).unwrap();
    assert_eq!(&buffer, b"ello");
    replace(files, &path, b"new", Durability::All).unwrap();
    assert_eq!(files.read(&path).unwrap(), b"new");
    assert_eq!(
        files.list(&dir.join("a/b")).unwrap(),
        [Entry { name: "file".into(), is_dir: false }]
    );
    assert_eq!(files.list(&dir.join("a")).unwrap(), [Entry { name: "b".into(), is_dir: true }]);
    files.rename(&dir.join("a/b"), &dir.join("a/c")).unwrap();
    assert_eq!(files.read(&dir.join("a/c/file")).unwrap(), b"new");
    remove_if_there(files, &path).unwrap();
    remove_if_there(files, &dir.join("a/c/file")).unwrap();
    files.fsync_dir(&dir.join("a/c")).unwrap();
    files.create(&dir.join("a/c/other")).unwrap();
    files.remove_dir(&dir.join("a")).unwrap();
    assert!(files.list(&dir.join("a")).is_err());
    assert!(files.lock(&dir.join(".lock")).unwrap().is_some());
}

#[test]
fn disk_and_memory_agree() {
    let dir = tempfile::tempdir().unwrap();
    keeps_promises(&Disk, dir.path());
    let files = MemoryFiles::new();
    files.create_dir(Path::new("/d")).unwrap();
    keeps_promises(&files, Path::new("/d"));
}

#[test]
fn many_slices_are_written_whole() {
    let dir = tempfile::tempdir().unwrap();
    let file = Disk.create(&dir.path().join("x")).unwrap();
    let bytes: Vec<[u8; 3]> = (0..3_000u32).map(|i| [i as u8, (i >> 8) as u8, 7]).collect();
    let mut slices: Vec<_> = bytes.iter().map(|part| IoSlice::new(part)).collect();
    file.pwritev(&mut slices, 0).unwrap();
    assert_eq!(Disk.read(&dir.path().join("x")).unwrap(), bytes.concat());
}

fn one_file() -> (MemoryFiles, Arc<dyn File>, PathBuf) {
    let files = MemoryFiles::new();
    files.create_dir(Path::new("/d")).unwrap();
    let path = PathBuf::from("/d/f");
    let file = files.create(&path).unwrap();
    (files, file, path)
}

#[test]
fn faults_do_what_they_say() {
    let (files, file, path) = one_file();
    files.fail_next(Call::Write, io::ErrorKind::TimedOut);
    assert_eq!(file.write_at(b"abc", 0).unwrap_err().kind(), io::ErrorKind::TimedOut);
    file.write_at(b"abc", 0).unwrap();
    files.set_capacity(Some(5));
    assert_eq!(file.write_at(b"defg", 3).unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(files.read(&path).unwrap(), b"abcde");
    files.set_capacity(None);
    files.flip_bit(&path, 8).unwrap();
    assert_eq!(files.read(&path).unwrap(), b"accde");
    files.crash_at(files.changes());
    assert!(file.write_at(b"1234", 0).is_err());
    assert!(file.write_at(b"5678", 0).is_err());
    assert!(files.read(&path).is_err());
    assert_eq!(files.after_kill().read(&path).unwrap(), b"12cde");
}

#[test]
fn power_loss_keeps_what_was_synced() {
    let (files, file, path) = one_file();
    files.create_dir(Path::new("/d")).unwrap();
    files.fsync_dir(Path::new("/")).unwrap();
    files.fsync_dir(Path::new("/d")).unwrap();
    file.write_at(b"synced", 0).unwrap();
    file.fdatasync().unwrap();
    file.write_at(b"more", 6).unwrap();
    files.rename(&path, Path::new("/d/g")).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..100 {
        let after = files.after_power_loss(seed);
        let (bytes, renamed) = match after.read(&path) {
            Ok(bytes) => (bytes, false),
            Err(_) => (after.read(Path::new("/d/g")).unwrap(), true),
        };
        assert!(bytes.starts_with(b"synced"));
        seen.insert((bytes.len(), renamed));
    }
    assert_eq!(seen.len(), 10);
}
