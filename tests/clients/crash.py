"""What kill -9 under load loses: nothing that was acknowledged.

crash.py ROUNDS [DIRECTORY]: a node takes a mixed load and is killed that often, started again on the same directory each
time; then everything is read back. Prints what was found, and fails when a record is missing or there twice, when a
committed offset or a topic is not what was acknowledged, or when a restart took longer than RESTART_MS_MAX (1000).
"""

import os
import random
import sys
import tempfile
import threading
import time
import uuid
from collections import defaultdict

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from node import Node

PARTITIONS = 4
LINES = "the quick brown fox jumps over the lazy dog ".encode() * 20

# Several producers to a topic, some of which may not send again what got no answer: without idempotence that would be
# the client's own duplicate.
PRODUCERS = {
    "once": {"enable.idempotence": True},
    "once-lz4": {"enable.idempotence": True, "compression.type": "lz4", "linger.ms": 20},
    "once-zstd": {"enable.idempotence": True, "compression.type": "zstd", "linger.ms": 5},
    "leader": {"acks": 1, "retries": 0},
    "all-gzip": {"acks": "all", "retries": 0, "compression.type": "gzip", "linger.ms": 20},
    "all-snappy": {"acks": "all", "retries": 0, "compression.type": "snappy"},
}


class Load(threading.Thread):
    """Something that goes on until it is told to stop, through every restart."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.going, self.failure = address, True, None

    def client(self, **more):
        quiet = {"log_level": 0, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100}
        return {"bootstrap.servers": self.address, **quiet, **more}

    def run(self):
        try:
            self.work()
        except Exception as failure:  # told when the load has ended
            self.failure = failure

    def stop(self):
        self.going = False


class Producing(Load):
    """Numbers values, and keeps where each acknowledged one is."""

    def __init__(self, address, name, topic, settings):
        super().__init__(address)
        self.name, self.topic, self.settings = name, topic, settings
        self.acknowledged, self.refused = {}, 0

    def work(self):
        producer = Producer(self.client(**self.settings), error_cb=self.error)
        number = 0
        while self.going:
            value = b"%s:%d:%s" % (self.name.encode(), number, LINES[:random.randrange(len(LINES))])
            try:
                producer.produce(self.topic, value, partition=number % PARTITIONS, on_delivery=self.delivered)
                number += 1
                producer.poll(0)
            except BufferError:
                producer.poll(0.1)
            if number % 20 == 0:
                producer.poll(0.01)
        producer.flush(30)

    def error(self, error):
        if error.fatal():
            self.failure = KafkaException(error)

    def delivered(self, error, message):
        if error is None:
            self.acknowledged[message.partition(), message.offset()] = label(message.value())
        else:
            self.refused += 1


class Committing(Load):
    """Reads in a group, and keeps the last offsets whose commit was acknowledged."""

    def __init__(self, address, topic):
        super().__init__(address)
        self.topic, self.group, self.committed = topic, "g-" + uuid.uuid4().hex[:8], {}

    def work(self):
        settings = {"group.id": self.group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
        consumer = Consumer(self.client(**settings))
        consumer.subscribe([self.topic])
        while self.going:
            messages = [one for one in consumer.consume(500, 0.1) if not one.error()]
            if messages:
                try:
                    for done in consumer.commit(asynchronous=False):
                        if done.error is None and done.offset >= 0:
                            self.committed[done.partition] = done.offset
                except KafkaException:
                    pass
        consumer.close()


class Administering(Load):
    """Creates topics and deletes every other one of them."""

    def __init__(self, address):
        super().__init__(address)
        self.there, self.gone = set(), set()

    def work(self):
        admin = AdminClient(self.client())
        number = 0
        while self.going:
            name, number = f"made-{number}", number + 1
            if self.done(lambda: admin.create_topics([NewTopic(name, 2, 1)], operation_timeout=2), name):
                if number % 2:
                    self.there.add(name)
                elif self.done(lambda: admin.delete_topics([name], operation_timeout=2), name):
                    self.gone.add(name)
            time.sleep(0.05)

    def done(self, asked, name):
        try:
            asked()[name].result(5)
            return True
        except Exception:
            return False


def label(value):
    """Whose value it is and which one: what is before the padding."""
    name, number, _ = value.split(b":", 2)
    return name.decode(), int(number)


def topics():
    """Which topic each producer writes to: one that may send again and one that may not share a topic."""
    names = list(PRODUCERS)
    return {one: f"kept-{place % 3}" for place, one in enumerate(names)}


def serving(node):
    """Starts the node; milliseconds until every partition of the kept topics tells its end."""
    begun = time.monotonic()
    node.start(node.port())
    consumer = Consumer({"bootstrap.servers": node.address, "group.id": "w"})
    for topic in sorted(set(topics().values())):
        for partition in range(PARTITIONS):
            consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
    took = (time.monotonic() - begun) * 1000
    consumer.close()
    return took


def read_back(address, topic):
    """Every record of a topic: (partition, offset) to what its value is labelled with."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": "reader", "enable.partition.eof": False})
    found = {}
    for partition in range(PARTITIONS):
        start, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
        assert start == 0, f"{topic}-{partition} begins at {start}"
        consumer.assign([TopicPartition(topic, partition, 0)])
        next_, deadline = 0, time.monotonic() + 60
        while next_ < end:
            assert time.monotonic() < deadline, f"{topic}-{partition} cannot be read beyond {next_} of {end}"
            for message in consumer.consume(1000, 1.0):
                assert message.error() is None, message.error()
                assert message.offset() == next_, f"{topic}-{partition} goes from {next_} to {message.offset()}"
                found[partition, next_], next_ = label(message.value()), next_ + 1
    consumer.close()
    return found


class Findings:
    """What the load was told against what is there."""

    def __init__(self):
        self.acknowledged, self.missing, self.duplicates, self.complaints, self.slowest = 0, 0, 0, [], 0.0

    def records(self, address, producers):
        for topic in sorted({one.topic for one in producers}):
            found = read_back(address, topic)
            times = defaultdict(int)
            for what in found.values():
                times[what] += 1
            self.duplicates += sum(count - 1 for count in times.values())
            for producer in (one for one in producers if one.topic == topic):
                self.acknowledged += len(producer.acknowledged)
                self.missing += sum(found.get(at) != what for at, what in producer.acknowledged.items())
                if "enable.idempotence" in producer.settings:
                    self.order(topic, producer, found)

    def order(self, topic, producer, found):
        for partition in range(PARTITIONS):
            numbers = [what[1] for (at, _), what in sorted(found.items()) if at == partition and what[0] == producer.name]
            if numbers != sorted(numbers):
                self.complaints.append(f"{producer.name} is out of order in {topic}-{partition}")

    def offsets(self, address, committing):
        consumer = Consumer({"bootstrap.servers": address, "group.id": committing.group})
        asked = [TopicPartition(committing.topic, partition) for partition in range(PARTITIONS)]
        for found in consumer.committed(asked, timeout=30):
            wanted = committing.committed.get(found.partition, -1)
            if found.offset < wanted:
                self.complaints.append(f"{found.topic}-{found.partition} was committed to {wanted}, not {found.offset}")
        consumer.close()

    def topics(self, address, administering):
        known = set(AdminClient({"bootstrap.servers": address}).list_topics(timeout=30).topics)
        self.complaints += [f"topic {name} is lost" for name in sorted(administering.there - known)]
        self.complaints += [f"topic {name} is back" for name in sorted(administering.gone & known)]


def run(rounds, directory, say=print):
    """Kills a node `rounds` times under load. What was found."""
    os.makedirs(directory, exist_ok=True)
    node = Node(os.path.join(directory, "data"), "offsets.topic.num.partitions=8").start()
    findings = Findings()
    admin = AdminClient({"bootstrap.servers": node.address})
    kept = topics()
    made = [NewTopic(topic, PARTITIONS, 1, config={"segment.bytes": str(1 << 20)}) for topic in set(kept.values())]
    for created in admin.create_topics(made).values():
        created.result(20)
    producers = [Producing(node.address, name, kept[name], settings) for name, settings in PRODUCERS.items()]
    committing = [Committing(node.address, topic) for topic in sorted(set(kept.values()))]
    administering = Administering(node.address)
    loads = [*producers, *committing, administering]
    for load in loads:
        load.start()
    try:
        for round_ in range(rounds):
            acknowledged = sum(len(one.acknowledged) for one in producers)
            wait_for_more(producers, acknowledged + 500)
            time.sleep(random.uniform(0.2, 1.5))
            node.kill()
            took = serving(node)
            findings.slowest = max(findings.slowest, took)
            say(f"round {round_ + 1}: {acknowledged} acknowledged before, served again after {took:.0f} ms")
        wait_for_more(producers, sum(len(one.acknowledged) for one in producers) + 500)
        for load in loads:
            load.stop()
        for load in loads:
            load.join(60)
            if load.failure is not None:
                findings.complaints.append(f"{type(load).__name__} {load.name}: {load.failure}")
        node.kill()
        node.start(node.port())
        findings.records(node.address, producers)
        for one in committing:
            findings.offsets(node.address, one)
        findings.topics(node.address, administering)
        node.stop()
    finally:
        node.end()
    return findings


def wait_for_more(producers, count):
    deadline = time.monotonic() + 60
    while sum(len(one.acknowledged) for one in producers) < count:
        assert time.monotonic() < deadline, "the load does not go on"
        time.sleep(0.02)


def main(arguments):
    rounds = int(arguments[0]) if arguments else 5
    with tempfile.TemporaryDirectory() as scratch:
        found = run(rounds, arguments[1] if len(arguments) > 1 else scratch)
    for complaint in found.complaints:
        print(f"crash: {complaint}")
    print(f"crash: {rounds} rounds, {found.acknowledged} acknowledged, {found.missing} missing, "
          f"{found.duplicates} duplicates, slowest restart {found.slowest:.0f} ms")
    slow = found.slowest > float(os.environ.get("RESTART_MS_MAX", 1000))
    return 1 if found.missing or found.duplicates or found.complaints or slow else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
