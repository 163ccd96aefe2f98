//! The records of a batch one by one, in memory for one of them at most, and what the cleaner asks of control batches.

use crate::wire::compression::Codec;
use crate::wire::records::{Batch, ControlType, Record, RecordsError};

/// Shows the records to `see` until it says false.
pub(super) fn each(
    batch: &Batch<'_>,
    mut see: impl FnMut(&Record<'_>) -> bool,
) -> Result<(), RecordsError> {
    if batch.header().codec()? == Codec::None {
        for record in batch.payload(usize::MAX)?.records() {
            if !see(&record?) {
                break;
            }
        }
        return Ok(());
    }
    let mut stream = batch.stream(i32::MAX as usize)?;
    while let Some(record) = stream.next_record()? {
        if !see(&record) {
            break;
        }
    }
    Ok(())
}

/// What a control batch is about; none if it has no record left.
pub(super) fn control_type(batch: &Batch<'_>) -> Result<Option<ControlType>, RecordsError> {
    let mut kind = Ok(None);
    each(batch, |record| {
        kind = ControlType::parse(record.key).map(Some);
        false
    })?;
    kind
}
