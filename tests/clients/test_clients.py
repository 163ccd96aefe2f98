"""Produce, fetch, groups and administration through librdkafka and through a client in pure Python."""

import time
import uuid

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic
from kafka import KafkaConsumer, KafkaProducer
from kafka import TopicPartition as PythonPartition


def topic_name():
    return "t-" + uuid.uuid4().hex[:8]


def create(node, partitions=1, **configs):
    name = topic_name()
    admin = AdminClient({"bootstrap.servers": node.address})
    admin.create_topics([NewTopic(name, partitions, 1, config=configs)])[name].result(60)
    return name


def produce(node, topic, count, **settings):
    failed = []
    producer = Producer({"bootstrap.servers": node.address, **settings})
    for number in range(count):
        while True:
            try:
                producer.produce(
                    topic, str(number), str(number), on_delivery=lambda error, _: error and failed.append(error))
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    assert producer.flush(60) == 0 and not failed


def consume(node, topic, count, group=None, **settings):
    consumer = Consumer({
        "bootstrap.servers": node.address, "group.id": group or uuid.uuid4().hex, "auto.offset.reset": "earliest",
        **settings})
    consumer.subscribe([topic])
    values, deadline = [], time.time() + 60
    while len(values) < count and time.time() < deadline:
        message = consumer.poll(0.5)
        if message is not None and not message.error():
            values.append(int(message.value()))
    consumer.commit(asynchronous=False)
    consumer.close()
    return values


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("acks", ["1", "all"])
def test_every_codec_comes_back(node, codec, acks):
    topic = create(node, 3)
    produce(node, topic, 2000, **{"compression.type": codec, "acks": acks})
    assert sorted(consume(node, topic, 2000)) == list(range(2000))


def test_idempotent_producer_keeps_order(node):
    topic = create(node)
    produce(node, topic, 5000, **{"enable.idempotence": True, "linger.ms": 0})
    assert consume(node, topic, 5000) == list(range(5000))


def test_a_topic_comes_into_being_when_asked_for(node):
    topic = topic_name()
    produce(node, topic, 10)
    metadata = AdminClient({"bootstrap.servers": node.address}).list_topics(topic, timeout=60)
    assert len(metadata.topics[topic].partitions) == 4
    assert sorted(consume(node, topic, 10)) == list(range(10))


def test_a_group_shares_and_goes_on(node):
    topic, group = create(node, 4), uuid.uuid4().hex
    produce(node, topic, 1000)
    assert len(consume(node, topic, 1000, group)) == 1000
    produce(node, topic, 100)
    assert len(consume(node, topic, 100, group)) == 100


def test_pure_python_client(node):
    topic = create(node, 2)
    producer = KafkaProducer(bootstrap_servers=node.address)
    for number in range(500):
        producer.send(topic, str(number).encode())
    producer.flush(60)
    producer.close()
    consumer = KafkaConsumer(
        topic, bootstrap_servers=node.address, auto_offset_reset="earliest", group_id=uuid.uuid4().hex,
        consumer_timeout_ms=60_000)
    values = []
    for message in consumer:
        values.append(int(message.value))
        if len(values) == 500:
            break
    consumer.close()
    assert sorted(values) == list(range(500))


@pytest.mark.parametrize("release", [(0, 11), (1, 0), (1, 1), (2, 1), (2, 4), (2, 6)])
def test_clients_of_older_releases(node, release):
    """A client of that release: it speaks the versions of the APIs that were the newest then."""
    topic, settings = create(node, 2), {"bootstrap_servers": node.address, "api_version": release}
    producer = KafkaProducer(**settings, acks="all", compression_type="gzip")
    for number in range(100):
        producer.send(topic, str(number).encode(), timestamp_ms=1_000_000 + number)
    producer.flush(60)
    producer.close()
    consumer = KafkaConsumer(topic, **settings, group_id=uuid.uuid4().hex, auto_offset_reset="earliest")
    values, deadline = [], time.time() + 60
    while len(values) < 100 and time.time() < deadline:
        values += [int(record.value) for records in consumer.poll(200).values() for record in records]
    assert sorted(values) == list(range(100))
    partitions = [PythonPartition(topic, number) for number in range(2)]
    assert sum(consumer.end_offsets(partitions).values()) == 100
    assert set(consumer.beginning_offsets(partitions).values()) == {0}
    assert consumer.offsets_for_times({partitions[0]: 0})[partitions[0]].offset == 0
    consumer.commit()
    assert sum(consumer.committed(partition) for partition in partitions) == 100
    consumer.close()


def test_administration(node):
    admin = AdminClient({"bootstrap.servers": node.address})
    topic = create(node, 1, **{"retention.ms": "1234567"})
    with pytest.raises(KafkaException):
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(60)
    admin.create_partitions([NewPartitions(topic, 3)])[topic].result(60)
    deadline = time.time() + 60
    while len(admin.list_topics(topic, timeout=60).topics[topic].partitions) < 3 and time.time() < deadline:
        time.sleep(0.05)
    assert len(admin.list_topics(topic, timeout=60).topics[topic].partitions) == 3
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    assert admin.describe_configs([resource])[resource].result(60)["retention.ms"].value == "1234567"
    admin.delete_topics([topic])[topic].result(60)
    deadline = time.time() + 60
    while topic in admin.list_topics(timeout=60).topics and time.time() < deadline:
        time.sleep(0.05)
    assert topic not in admin.list_topics(timeout=60).topics


def test_watermarks_and_timestamps(node):
    topic = create(node)
    produce(node, topic, 50)
    consumer = Consumer({"bootstrap.servers": node.address, "group.id": "w"})
    assert consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=60) == (0, 50)
    found = consumer.offsets_for_times([TopicPartition(topic, 0, 0)], timeout=60)
    assert found[0].offset == 0
    consumer.close()


def test_nothing_acknowledged_is_lost_by_kill(own_node):
    topic = create(own_node)
    produce(own_node, topic, 3000, **{"enable.idempotence": True})
    port = own_node.port()
    own_node.kill()
    own_node.start(port)
    assert consume(own_node, topic, 3000) == list(range(3000))
    own_node.stop()
    own_node.start(port)
    produce(own_node, topic, 10)
    consumer = Consumer({"bootstrap.servers": own_node.address, "group.id": "w"})
    assert consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=60) == (0, 3010)
    consumer.close()
