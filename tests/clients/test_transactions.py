"""Transactions as clients see them: commit, abort, fencing, and the chain of consume, transform and produce."""

import uuid

import pytest
from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic

PATIENCE = 60


def fresh(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def topic_of(node, partitions=1):
    name = fresh("topic")
    admin = AdminClient({"bootstrap.servers": node.address})
    admin.create_topics([NewTopic(name, partitions, 1)])[name].result(PATIENCE)
    return name


def producer_of(node, transactional_id, **settings):
    settings = {key.replace("_", "."): value for key, value in settings.items()}
    return Producer({"bootstrap.servers": node.address, "transactional.id": transactional_id, **settings})


def consumer_of(node, group, **settings):
    settings = {key.replace("_", "."): value for key, value in settings.items()}
    return Consumer(
        {
            "bootstrap.servers": node.address,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            **settings,
        }
    )


def read(node, topic, count, partitions=1, **settings):
    """The values of so many records, and that there are no more."""
    consumer = consumer_of(node, fresh("reader"), enable_partition_eof=True, **settings)
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
    values, ended = [], set()
    while len(values) < count or len(ended) < partitions:
        message = consumer.poll(PATIENCE)
        assert message is not None, f"{len(values)} of {count} records"
        if message.error() is None:
            values.append(message.value().decode())
        elif message.error().code() == KafkaError._PARTITION_EOF:
            ended.add(message.partition())
        else:
            raise KafkaException(message.error())
    consumer.close()
    return values


def test_what_is_committed_is_read_and_what_is_aborted_is_not(node):
    topic = topic_of(node, 3)
    producer = producer_of(node, fresh("tx"))
    producer.init_transactions(PATIENCE)
    for round in range(10):
        producer.begin_transaction()
        for partition in range(3):
            producer.produce(topic, f"{round}/{partition}", partition=partition)
        if round % 3 == 2:
            producer.flush(PATIENCE)
            producer.abort_transaction(PATIENCE)
        else:
            producer.commit_transaction(PATIENCE)
    kept = {f"{round}/{partition}" for round in range(10) for partition in range(3) if round % 3 != 2}
    values = read(node, topic, len(kept), 3)
    assert len(values) == len(kept) and set(values) == kept
    assert len(read(node, topic, 30, 3, isolation_level="read_uncommitted")) == 30


def test_an_open_transaction_holds_readers_back(node):
    topic = topic_of(node)
    first, second = producer_of(node, fresh("tx")), producer_of(node, fresh("tx"))
    for producer in (first, second):
        producer.init_transactions(PATIENCE)
        producer.begin_transaction()
    first.produce(topic, "first")
    first.flush(PATIENCE)
    second.produce(topic, "second")
    second.commit_transaction(PATIENCE)
    assert read(node, topic, 0) == []
    first.commit_transaction(PATIENCE)
    assert read(node, topic, 2) == ["first", "second"]


def test_who_takes_a_transactional_id_over_fences_who_had_it(node):
    topic, transactional_id = topic_of(node), fresh("tx")
    old = producer_of(node, transactional_id)
    old.init_transactions(PATIENCE)
    old.begin_transaction()
    old.produce(topic, "old")
    old.flush(PATIENCE)
    new = producer_of(node, transactional_id)
    new.init_transactions(PATIENCE)
    with pytest.raises(KafkaException) as refused:
        old.commit_transaction(PATIENCE)
    assert refused.value.args[0].fatal()
    new.begin_transaction()
    new.produce(topic, "new")
    new.commit_transaction(PATIENCE)
    assert read(node, topic, 1) == ["new"]


def test_a_transaction_that_takes_too_long_is_aborted(own_node_with):
    node = own_node_with("transaction.abort.timed.out.transaction.cleanup.interval.ms=200")
    topic = topic_of(node)
    late = producer_of(node, fresh("tx"), transaction_timeout_ms=1000, message_timeout_ms=1000)
    late.init_transactions(PATIENCE)
    late.begin_transaction()
    late.produce(topic, "late")
    late.flush(PATIENCE)
    # Readers go on as soon as it is aborted, whatever the producer does.
    other = producer_of(node, fresh("tx"))
    other.init_transactions(PATIENCE)
    other.begin_transaction()
    other.produce(topic, "other")
    other.commit_transaction(PATIENCE)
    consumer = consumer_of(node, fresh("reader"))
    consumer.assign([TopicPartition(topic, 0, 0)])
    message = consumer.poll(PATIENCE)
    assert message is not None and message.value() == b"other"
    consumer.close()
    with pytest.raises(KafkaException):
        late.commit_transaction(PATIENCE)


def chain(node, source, sink, group, transactional_id, until):
    """Moves records from `source` to `sink`, some at a time and each batch in a transaction with its offsets."""
    consumer = consumer_of(node, group)
    consumer.subscribe([source])
    producer = producer_of(node, transactional_id)
    producer.init_transactions(PATIENCE)
    moved, rounds = 0, 0
    while moved < until:
        messages = [message for message in consumer.consume(20, 1) if message.error() is None]
        if not messages:
            continue
        producer.begin_transaction()
        for message in messages:
            producer.produce(sink, message.value() + b"!", partition=message.partition())
        positions = consumer.position(consumer.assignment())
        producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata(), PATIENCE)
        rounds += 1
        if rounds % 4 == 0:
            producer.abort_transaction(PATIENCE)
            for known in consumer.committed(consumer.assignment(), PATIENCE):
                consumer.seek(TopicPartition(known.topic, known.partition, max(known.offset, 0)))
        else:
            producer.commit_transaction(PATIENCE)
            moved += len(messages)
    consumer.close()


def test_consume_transform_produce_is_exactly_once(node):
    source, sink, group = topic_of(node, 2), topic_of(node, 2), fresh("group")
    feeder = Producer({"bootstrap.servers": node.address})
    for number in range(200):
        feeder.produce(source, str(number), partition=number % 2)
    assert feeder.flush(PATIENCE) == 0
    chain(node, source, sink, group, fresh("tx"), 200)
    values = read(node, sink, 200, 2)
    assert sorted(values) == sorted(f"{number}!" for number in range(200))
    admin = AdminClient({"bootstrap.servers": node.address})
    asked = ConsumerGroupTopicPartitions(group, [TopicPartition(source, 0), TopicPartition(source, 1)])
    committed = admin.list_consumer_group_offsets([asked])[group].result(PATIENCE)
    assert [known.offset for known in committed.topic_partitions] == [100, 100]


def test_ends_that_were_decided_outlive_the_node(own_node):
    topic = topic_of(own_node)
    # Beginning anew with the bootstrap servers, librdkafka 2.16 may wait for the old coordinator for ever.
    producer = producer_of(own_node, fresh("tx"), metadata_recovery_strategy="none")
    producer.init_transactions(PATIENCE)
    for number in range(5):
        producer.begin_transaction()
        producer.produce(topic, f"kept-{number}")
        producer.commit_transaction(PATIENCE)
        port = own_node.port()
        own_node.kill()
        own_node.start(port)
    producer.begin_transaction()
    producer.produce(topic, "last")
    producer.commit_transaction(PATIENCE)
    assert read(own_node, topic, 6) == [f"kept-{number}" for number in range(5)] + ["last"]
