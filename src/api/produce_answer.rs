//! The frame of a produce response in which everything went well: written by hand, in one piece of memory.
//!
//! What failed is rare, says more, and goes by the schema (`wire::messages::produce`); a test holds the two to each
//! other in every version.

use bytes::BytesMut;

use super::context::Head;
use super::{begin_frame, end_frame};
use crate::log::append::Appended;
use crate::types::Uuid;
use crate::wire::codec::{EncodeError, Text, Wire, Writer};
use crate::wire::message::Message;
use crate::wire::messages::produce::{ProduceRequest, ProduceResponse};

/// A frame under way: topics, each with its partitions, in the order of the request.
pub(super) struct ProduceAnswer {
    writer: Writer,
    version: i16,
    flexible: bool,
}

impl ProduceAnswer {
    /// Begins the frame of an answer for so many topics.
    pub(super) fn begin(head: Head, topics: usize) -> Result<Self, EncodeError> {
        let (writer, version) = (begin_frame::<ProduceRequest>(head)?, head.version);
        let mut answer = Self { writer, version, flexible: ProduceResponse::is_flexible(version) };
        answer.writer.set_flexible(answer.flexible);
        answer.count(topics);
        Ok(answer)
    }

    /// Begins a topic with so many partitions.
    pub(super) fn topic(
        &mut self,
        name: &Text,
        topic_id: Uuid,
        partitions: usize,
    ) -> Result<(), EncodeError> {
        if self.version >= 13 {
            self.writer.put(topic_id.as_bytes());
        } else {
            name.write(&mut self.writer, self.version)?;
        }
        self.count(partitions);
        Ok(())
    }

    /// A partition that has its batch.
    pub(super) fn partition(&mut self, index: i32, appended: &Appended) {
        // index, error, base offset, time, log start; then faulty records, message and tags, of which there are none
        let mut row = [0; 36];
        row[..4].copy_from_slice(&index.to_be_bytes());
        row[6..14].copy_from_slice(&appended.base_offset.to_be_bytes());
        row[14..22].copy_from_slice(&appended.append_time.to_be_bytes());
        row[22..30].copy_from_slice(&appended.log_start_offset.to_be_bytes());
        let length = match self.version {
            ..5 => 22,
            5..8 => 30,
            _ if self.flexible => {
                row[30] = 1;
                33
            }
            _ => {
                row[34..].copy_from_slice(&[0xff, 0xff]);
                36
            }
        };
        self.writer.put(&row[..length]);
    }

    /// Ends a topic.
    pub(super) fn end_topic(&mut self) {
        self.end_struct();
    }

    /// Ends the frame.
    pub(super) fn end(mut self, throttle_time_ms: i32) -> BytesMut {
        self.writer.i32(throttle_time_ms);
        self.end_struct();
        end_frame(self.writer.into_buffer(), 0)
    }

    fn end_struct(&mut self) {
        if self.flexible {
            self.writer.uvarint(0); // no tags
        }
    }

    /// The length before an array, of as many things as a request has named.
    fn count(&mut self, count: usize) {
        if self.flexible {
            self.writer.uvarint(count as u32 + 1);
        } else {
            self.writer.i32(count as i32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::answer::Answer;
    use crate::api::frame;
    use crate::wire::messages::produce::{PartitionProduceResponse, TopicProduceResponse};

    fn by_schema(head: Head, topics: &[TopicProduceResponse], throttle_time_ms: i32) -> BytesMut {
        let responses = topics.to_vec();
        let response = ProduceResponse { responses, throttle_time_ms, ..Default::default() };
        match frame::<ProduceRequest>(head, &response) {
            Answer::Frame(outgoing) => outgoing.head,
            _ => panic!("the schema writes it"),
        }
    }

    fn by_hand(head: Head, topics: &[TopicProduceResponse], throttle_time_ms: i32) -> BytesMut {
        let mut answer = ProduceAnswer::begin(head, topics.len()).unwrap();
        for topic in topics {
            let partitions = &topic.partition_responses;
            answer.topic(&topic.name, topic.topic_id, partitions.len()).unwrap();
            for partition in partitions {
                let appended = Appended {
                    base_offset: partition.base_offset,
                    last_offset: partition.base_offset,
                    append_time: partition.log_append_time_ms,
                    log_start_offset: partition.log_start_offset,
                    duplicate: false,
                };
                answer.partition(partition.index, &appended);
            }
            answer.end_topic();
        }
        answer.end(throttle_time_ms)
    }

    #[test]
    fn it_is_what_the_schema_writes() {
        let partition = |index: i32| PartitionProduceResponse {
            index,
            base_offset: i64::from(index) * 7_000_000_019 - 1,
            log_append_time_ms: if index % 2 == 0 { -1 } else { 1_700_000_000_000 },
            log_start_offset: i64::from(index) << 33,
            ..Default::default()
        };
        let topic = |partitions: i32| TopicProduceResponse {
            name: "a-topic".repeat(1 + partitions as usize % 30).as_str().into(),
            topic_id: Uuid::random(),
            partition_responses: (0..partitions).map(partition).collect(),
            ..Default::default()
        };
        for version in ProduceResponse::VERSIONS {
            let head = Head { version, correlation_id: i32::from(version) << 20 };
            for shape in [&[][..], &[1], &[0, 1], &[3, 130, 1], &[1; 130]] {
                let named = |topic: TopicProduceResponse| match version {
                    13.. => TopicProduceResponse { name: Text::default(), ..topic },
                    _ => TopicProduceResponse { topic_id: Uuid::ZERO, ..topic },
                };
                let topics: Vec<_> = shape.iter().map(|count| named(topic(*count))).collect();
                for throttle_time_ms in [0, 12_345] {
                    let (hand, schema) = (
                        by_hand(head, &topics, throttle_time_ms),
                        by_schema(head, &topics, throttle_time_ms),
                    );
                    assert_eq!(hand, schema, "version {version}, {shape:?}");
                }
            }
        }
    }
}
