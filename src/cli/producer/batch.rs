//! Batches in the making and on their way, partition by partition. Sends nothing, asks nobody.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Record;
use super::settings::Settings;
use crate::types::PartitionId;
use crate::wire::records::{BatchBuilder, RecordHeader, increment_sequence};

/// How much more than its size a batch may unpack to.
const UNPACKED_FACTOR: usize = 32;

/// Records that go together, and what their sender calls them.
pub(super) struct Batch<T> {
    pub(super) partition: PartitionId,
    pub(super) tags: Vec<T>,
    pub(super) opened: Instant,
    /// Tries so far.
    pub(super) attempts: u64,
    /// What its records count for in the buffer, in bytes.
    pub(super) weight: usize,
    /// The size of the largest record, in bytes.
    pub(super) record_bytes_max: usize,
    /// What part of the records' size is left when they are packed.
    pub(super) packed: f64,
    /// Where it stands among the partition's batches.
    number: u64,
    contents: Contents,
}

enum Contents {
    Open(Box<BatchBuilder>),
    Sealed(Bytes),
}

impl<T> Batch<T> {
    fn new(partition: PartitionId, number: u64, settings: &Settings) -> Self {
        let builder = BatchBuilder::new().compression(settings.codec);
        Self {
            partition,
            tags: Vec::new(),
            opened: Instant::now(),
            attempts: 0,
            weight: 0,
            record_bytes_max: 0,
            packed: 1.0,
            number,
            contents: Contents::Open(Box::new(builder)),
        }
    }

    /// Takes in a record. How large the batch is now, in bytes.
    fn push(&mut self, record: &Record<'_>, tag: T) -> usize {
        let Contents::Open(builder) = &mut self.contents else { return usize::MAX };
        let headers = record.headers.iter().map(|&(key, value)| RecordHeader { key, value });
        builder.append_with_headers(record.timestamp, record.key, record.value, headers);
        self.tags.push(tag);
        // What a codec holds back shows late: no batch unpacks to more than a request may hold.
        builder.size_so_far().max(builder.uncompressed_size() / UNPACKED_FACTOR)
    }

    /// About what it weighs, in bytes.
    pub(super) fn size(&self) -> usize {
        match &self.contents {
            Contents::Open(builder) => builder.size_so_far(),
            Contents::Sealed(bytes) => bytes.len(),
        }
    }

    /// The bytes to send; made the first time.
    fn seal(&mut self, producer: Option<(i64, i16, i32)>, transactional: bool) -> Bytes {
        if let Contents::Open(builder) = &mut self.contents {
            let mut builder = std::mem::take(&mut **builder);
            if let Some((id, epoch, sequence)) = producer {
                builder = builder.producer(id, epoch, sequence).transactional(transactional);
            }
            let size = builder.uncompressed_size();
            let bytes = builder.build();
            self.packed = (bytes.len() as f64 / size.max(1) as f64).min(1.0);
            self.contents = Contents::Sealed(bytes);
        }
        match &self.contents {
            Contents::Sealed(bytes) => bytes.clone(),
            Contents::Open(_) => Bytes::new(),
        }
    }
}

/// What waits to be sent to one partition.
pub(super) struct Queue<T> {
    partition: PartitionId,
    open: Option<Batch<T>>,
    ready: VecDeque<Batch<T>>,
    /// Came back to be sent again, once all that are under way have come back.
    returned: Vec<Batch<T>>,
    flying: usize,
    next_number: u64,
    next_sequence: i32,
}

impl<T> Queue<T> {
    pub(super) fn new(partition: PartitionId) -> Self {
        Self {
            partition,
            open: None,
            ready: VecDeque::new(),
            returned: Vec::new(),
            flying: 0,
            next_number: 0,
            next_sequence: 0,
        }
    }

    /// Takes in a record. Whether its batch is full now.
    pub(super) fn push(
        &mut self,
        record: &Record<'_>,
        weight: usize,
        tag: T,
        settings: &Settings,
    ) -> bool {
        let number = self.next_number;
        let batch = self.open.get_or_insert_with(|| Batch::new(self.partition, number, settings));
        let size = batch.push(record, tag);
        batch.weight += weight;
        batch.record_bytes_max = batch.record_bytes_max.max(weight);
        let full = size >= settings.batch_bytes || settings.send_now;
        if full {
            self.close();
        }
        full
    }

    /// Lets nothing more into the batch that is open.
    pub(super) fn close(&mut self) {
        if let Some(batch) = self.open.take() {
            self.next_number += 1;
            self.ready.push_back(batch);
        }
    }

    /// Closes the batch that is open if it has been so for `linger`; else when that will be.
    pub(super) fn close_due(&mut self, now: Instant, linger: Duration) -> Option<Instant> {
        let due = self.open.as_ref()?.opened + linger;
        if due > now {
            return Some(due);
        }
        self.close();
        None
    }

    /// Whether a batch may be sent.
    pub(super) fn is_ready(&self) -> bool {
        self.returned.is_empty() && !self.ready.is_empty()
    }

    /// The size of the batch that would be sent next, in bytes.
    pub(super) fn next_size(&self) -> usize {
        self.ready.front().map_or(0, Batch::size)
    }

    /// The next batch with its bytes, for `producer` where there is one.
    pub(super) fn take(
        &mut self,
        producer: Option<(i64, i16)>,
        transactional: bool,
    ) -> Option<(Batch<T>, Bytes)> {
        let mut batch = self.ready.pop_front()?;
        let fresh = matches!(batch.contents, Contents::Open(_));
        let producer = producer.map(|(id, epoch)| (id, epoch, self.next_sequence));
        let bytes = batch.seal(producer, transactional);
        if fresh {
            let count = i32::try_from(batch.tags.len()).unwrap_or(i32::MAX);
            self.next_sequence = increment_sequence(self.next_sequence, count);
        }
        batch.attempts += 1;
        self.flying += 1;
        Some((batch, bytes))
    }

    /// A batch has landed for good.
    pub(super) fn landed(&mut self) {
        self.flying = self.flying.saturating_sub(1);
        self.requeue();
    }

    /// A batch has come back to be sent again, in its place.
    pub(super) fn came_back(&mut self, batch: Batch<T>) {
        self.returned.push(batch);
        self.flying = self.flying.saturating_sub(1);
        self.requeue();
    }

    fn requeue(&mut self) {
        if self.flying > 0 || self.returned.is_empty() {
            return;
        }
        self.returned.sort_by_key(|batch| std::cmp::Reverse(batch.number));
        for batch in self.returned.drain(..) {
            self.ready.push_front(batch);
        }
    }

    /// Whether nothing is left to do.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_none() && self.ready.is_empty() && self.returned.is_empty() && self.flying == 0
    }

    /// Counts sequences anew, for another producer id.
    pub(super) fn restart(&mut self) {
        self.next_sequence = 0;
    }
}
