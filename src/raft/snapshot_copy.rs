//! The copy of the latest snapshot beside the metadata log: kept when a snapshot is made, made again when it is
//! missing, old or damaged, and used where the snapshot's own file is damaged. What it says counts only where it names
//! the very snapshot that the log has.
//!
//! Why a copy: the log below a snapshot is deleted, so its one file is all that a controller alone in its quorum has of
//! the cluster.

use std::path::Path;

use crate::error::Error;
use crate::log::files::Files;
use crate::metadata::Image;
use crate::metadata::snapshot::{self, SnapshotId};
use crate::metadata::store::Store;

/// The latest snapshot in `dir`, put right from the copy if its file is damaged. None where there is none to speak of.
///
/// # Errors
/// `Io`; `Corrupt` where neither the file nor the copy is whole.
pub(super) fn mend(
    files: &dyn Files,
    dir: &Path,
    copy: &Store,
) -> Result<Option<SnapshotId>, Error> {
    let latest = snapshot::list(files, dir)?.pop();
    let Some(id) = latest.filter(|id| *id != SnapshotId::BOOTSTRAP) else { return Ok(None) };
    let read = snapshot::read(files, dir, id);
    let Err(error) = read.and_then(|bytes| snapshot::decode(&bytes, |_| Ok(()))) else {
        return Ok(Some(id));
    };
    let path = dir.join(id.file_name());
    match copy.load() {
        Some((copied, bytes)) if copied == id => {
            tracing::warn!(path = %path.display(), %error, "a damaged snapshot is put right from its copy");
            snapshot::write(files, dir, id, &bytes)?;
            Ok(Some(id))
        }
        _ => Err(Error::Corrupt(format!(
            "{}: {error}, and there is no copy of it. Restore the file from another controller or a backup",
            path.display()
        ))),
    }
}

/// Makes the copy that of the snapshot `id` in `dir`, unless it is already. Takes as long as the disk does.
pub(super) fn refresh(files: &dyn Files, dir: &Path, id: SnapshotId, copy: &Store) {
    if copy.load().is_some_and(|(copied, _)| copied == id) {
        return;
    }
    let read = snapshot::read(files, dir, id);
    match read.and_then(|bytes| Ok((snapshot::image(&bytes, id)?.0, bytes))) {
        Ok((image, bytes)) => keep(copy, &image, &bytes),
        // It may have given way to a later one meanwhile.
        Err(error) => tracing::debug!(%error, "no copy is made of a snapshot"),
    }
}

/// Keeps a snapshot that was just made. That it cannot be kept costs nothing but itself.
pub(super) fn keep(copy: &Store, image: &Image, bytes: &[u8]) {
    if let Err(error) = copy.save(image, bytes) {
        tracing::warn!(%error, "no copy is kept of a metadata snapshot");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::files::disk::Disk;
    use crate::metadata::Provenance;
    use crate::metadata::snapshot::Contents;

    #[test]
    fn a_damaged_snapshot_is_put_right_and_a_lost_copy_is_made_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (dir, copy) = (folder.path(), Store::new(folder.path()));
        let image = Image {
            provenance: Provenance { offset: 41, epoch: 3, timestamp: 1_000 },
            ..Image::default()
        };
        let bytes = snapshot::encode(&image, &Contents::default(), 1_000).expect("a snapshot");
        assert_eq!(mend(&Disk, dir, &copy).expect("nothing there"), None);
        let id = SnapshotId::of(image.provenance);
        snapshot::write(&Disk, dir, id, &bytes).expect("written");
        assert_eq!(mend(&Disk, dir, &copy).expect("sound"), Some(id));
        refresh(&Disk, dir, id, &copy);
        assert_eq!(copy.load(), Some((id, bytes.clone())));

        let path = dir.join(id.file_name());
        let mut damaged = bytes.to_vec();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        std::fs::write(&path, &damaged).expect("written");
        assert_eq!(mend(&Disk, dir, &copy).expect("put right"), Some(id));
        assert_eq!(std::fs::read(&path).expect("read"), bytes);

        // A copy of nothing, or of another snapshot, is no help; and is replaced.
        std::fs::remove_dir_all(dir.join(crate::metadata::store::STORE_DIR)).expect("removed");
        std::fs::write(dir.join(crate::metadata::store::STORE_DIR), b"nonsense").expect("written");
        std::fs::write(&path, &damaged).expect("written");
        let error = mend(&Disk, dir, &copy).expect_err("refused").to_string();
        assert!(error.contains(&*path.to_string_lossy()) && error.contains("Restore"), "{error}");
        std::fs::remove_file(dir.join(crate::metadata::store::STORE_DIR)).expect("removed");
        std::fs::write(&path, &bytes).expect("written");
        refresh(&Disk, dir, id, &copy);
        assert_eq!(copy.load(), Some((id, bytes)));
    }
}
