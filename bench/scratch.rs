//! Where a bench writes to: the system's temporary directory, or on the disk that `VLTAVA_BENCH_DIR` chooses.

/// A directory of its own, gone when it is dropped.
pub(crate) fn scratch() -> tempfile::TempDir {
    match std::env::var_os("VLTAVA_BENCH_DIR") {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    }
    .expect("a directory to write to")
}
