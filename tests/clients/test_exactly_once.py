"""Transactions through librdkafka: what a reader in read_committed sees, offsets in transactions, fencing, restarts."""

import time
import uuid

import crash_txn
import pytest
from confluent_kafka import Consumer, IsolationLevel, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec


def topic_of(node, partitions=1):
    name = "txn-" + uuid.uuid4().hex[:8]
    admin = AdminClient({"bootstrap.servers": node.address})
    admin.create_topics([NewTopic(name, partitions, 1)])[name].result(60)
    return name


def transactional(node, id=None, **more):
    producer = Producer({
        "bootstrap.servers": node.address, "transactional.id": id or uuid.uuid4().hex, "linger.ms": 0, **more})
    producer.init_transactions(60)
    return producer


def send(producer, topic, *values, partition=0):
    for value in values:
        producer.produce(topic, value, partition=partition)
    assert producer.flush(60) == 0


def read(node, topic, seconds=1.0, count=None, isolation="read_committed", partition=0):
    """What is there to see: `count` values, or all that come in so many seconds."""
    consumer = Consumer({"bootstrap.servers": node.address, "group.id": uuid.uuid4().hex, "isolation.level": isolation})
    consumer.assign([TopicPartition(topic, partition, 0)])
    values, end = [], time.monotonic() + (60 if count is not None else seconds)
    while time.monotonic() < end and (count is None or len(values) < count):
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            values.append(message.value().decode())
    consumer.close()
    return values


def end_of(node, topic, isolation):
    admin = AdminClient({"bootstrap.servers": node.address})
    asked = {TopicPartition(topic, 0): OffsetSpec.latest()}
    found = admin.list_offsets(asked, isolation_level=isolation)
    return [future.result(60).offset for future in found.values()][0]


def test_nobody_sees_what_is_open_or_aborted(node):
    topic = topic_of(node)
    plain = Producer({"bootstrap.servers": node.address})
    one, other = transactional(node), transactional(node)
    one.begin_transaction()
    send(one, topic, "one")
    send(plain, topic, "plain")
    assert read(node, topic) == []
    assert read(node, topic, count=2, isolation="read_uncommitted") == ["one", "plain"]
    assert end_of(node, topic, IsolationLevel.READ_COMMITTED) == 0
    assert end_of(node, topic, IsolationLevel.READ_UNCOMMITTED) == 2
    other.begin_transaction()
    send(other, topic, "other")
    other.abort_transaction(60)
    assert read(node, topic) == []
    one.commit_transaction(60)
    assert read(node, topic, count=2) == ["one", "plain"]
    for number in range(20):
        other.begin_transaction()
        send(other, topic, f"aborted-{number}")
        other.abort_transaction(60)
        one.begin_transaction()
        send(one, topic, f"kept-{number}")
        one.commit_transaction(60)
    assert read(node, topic, count=22)[2:] == [f"kept-{number}" for number in range(20)]


def test_a_transaction_spans_partitions(node):
    topic = topic_of(node, 3)
    producer = transactional(node)
    for committed in (True, False, True):
        producer.begin_transaction()
        for partition in range(3):
            send(producer, topic, str(committed), partition=partition)
        (producer.commit_transaction if committed else producer.abort_transaction)(60)
    for partition in range(3):
        assert read(node, topic, count=2, partition=partition) == ["True", "True"]


def test_who_comes_second_fences_the_first(node):
    topic, id_ = topic_of(node), uuid.uuid4().hex
    first = transactional(node, id_)
    first.begin_transaction()
    send(first, topic, "zombie")
    second = transactional(node, id_)
    second.begin_transaction()
    send(second, topic, "living")
    with pytest.raises(KafkaException) as failure:
        first.commit_transaction(60)
    assert failure.value.args[0].fatal()
    second.commit_transaction(60)
    assert read(node, topic, count=1) == ["living"]


def test_offsets_count_when_the_transaction_does(node):
    topic, group = topic_of(node), uuid.uuid4().hex
    plain = Producer({"bootstrap.servers": node.address})
    send(plain, topic, *(str(number) for number in range(10)))
    consumer = Consumer({"bootstrap.servers": node.address, "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    end = time.monotonic() + 60
    while not consumer.consume(1, 0.1):
        assert time.monotonic() < end
    producer, there = transactional(node), TopicPartition(topic, 0)

    def commit(offset):
        producer.begin_transaction()
        metadata = consumer.consumer_group_metadata()
        producer.send_offsets_to_transaction([TopicPartition(topic, 0, offset)], metadata, 60)

    commit(3)
    with pytest.raises(KafkaException):
        consumer.committed([there], 1)
    producer.commit_transaction(60)
    assert consumer.committed([there], 60)[0].offset == 3
    commit(7)
    producer.abort_transaction(60)
    assert consumer.committed([there], 60)[0].offset == 3
    consumer.close()


def test_an_open_transaction_outlives_a_kill(own_node):
    topic = topic_of(own_node)
    producer = transactional(own_node)
    producer.begin_transaction()
    send(producer, topic, "before")
    port = own_node.port()
    own_node.kill()
    own_node.start(port)
    assert read(own_node, topic) == []
    send(producer, topic, "behind")
    producer.commit_transaction(60)
    assert read(own_node, topic, count=2) == ["before", "behind"]


def test_what_takes_too_long_is_aborted(own_node_with):
    node = own_node_with("transaction.abort.timed.out.transaction.cleanup.interval.ms=200")
    topic = topic_of(node)
    producer = transactional(node, **{"transaction.timeout.ms": 1000})
    producer.begin_transaction()
    send(producer, topic, "late")
    plain = Producer({"bootstrap.servers": node.address})
    send(plain, topic, "plain")
    assert read(node, topic, count=1) == ["plain"]
    with pytest.raises(KafkaException):
        producer.commit_transaction(60)


def test_a_chain_is_exactly_once_under_kill(own_node):
    told = crash_txn.rounds_of(own_node, 2)
    assert told["records"] > 100 and told["commits"] >= 4
