"""Exactly once under kill -9: what a chain of consume, transform and produce in transactions leaves.

crash_txn.py ROUNDS [DIRECTORY]: one producer numbers records, a copier takes them from one topic to the other in
transactions (some of which it aborts by itself, with records that nobody may ever see), a reader in read_committed looks
on; the node is killed that often and started again on the same directory each time. Then every record has to be there,
once and in order, and the reader must have seen nothing else. COPIER names a command that copies instead, such as Kafka's
own: it is given --broker-list, --input-topic, --input-partition, --output-topic, --transactional-id, --consumer-group and others.
"""

import atexit
import os
import random
import shlex
import subprocess
import sys
import tempfile
import threading
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from node import Node

PARTITIONS = 2
UNSEEN = b"nobody may see this"
GROUP = "copiers"
# Seconds until what stands still counts as broken: more of them for a machine that has other work.
PATIENCE = int(os.environ.get("PATIENCE", "120"))
# Two transactions of a partition, at least: a copier takes 50 records at a time.
LIFE_RECORDS_MIN = 120
# How far the source may be in front of the reader: a slow machine copies what is left in the time of one patience.
LEAD_RECORDS_MAX = 10_000


def client(address, **more):
    # librdkafka 2.16 keeps a coordinator that it has left behind when it begins anew with the bootstrap servers, and then
    # waits for it for ever.
    recovery = {"metadata.recovery.strategy": "none"}
    quiet = {**recovery, "log_level": 0, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100}
    return {"bootstrap.servers": address, **quiet, **more}


class Part(threading.Thread):
    """Something that goes on through every restart until it is told to stop."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.going, self.failure = address, True, None

    def run(self):
        try:
            self.work()
        except Exception as failure:  # told when all has ended
            self.failure = failure
            raise

    def stop(self):
        self.going = False


class Source(Part):
    """Numbers the records of each partition, without a gap."""

    def __init__(self, address, pause, reader):
        super().__init__(address)
        self.pause, self.reader, self.sent = pause, reader, [0] * PARTITIONS

    def work(self):
        producer = Producer(client(self.address, **{"enable.idempotence": True, "linger.ms": 2}))
        while self.going:
            if sum(self.sent) > self.reader.count() + LEAD_RECORDS_MAX:
                producer.poll(0.05)
                continue
            for partition in range(PARTITIONS):
                producer.produce("in", b"%d" % self.sent[partition], partition=partition)
                self.sent[partition] += 1
            producer.poll(self.pause)
        assert producer.flush(PATIENCE) == 0


class Copier(Part):
    """Takes the records of the one topic to the other. Whatever goes wrong is aborted, and begun anew."""

    def __init__(self, address, partition):
        super().__init__(address)
        self.partition = partition
        self.commits, self.aborts, self.restarts = 0, 0, 0

    def work(self):
        while self.going:
            try:
                self.copy()
            except KafkaException as failure:
                self.restarts += 1
                if failure.args[0].code() == KafkaError._FENCED:
                    time.sleep(0.1)

    def copy(self):
        fast = {"transactional.id": f"copier-{self.partition}", "transaction.timeout.ms": 20_000, "linger.ms": 1}
        producer = Producer(client(self.address, **fast))
        producer.init_transactions(PATIENCE)
        consumer = self.consumer()
        while self.going:
            messages = [one for one in consumer.consume(50, 0.2) if one.error() is None]
            if not messages:
                continue
            producer.begin_transaction()
            try:
                if random.random() < 0.2:
                    self.give_up(producer)
                    self.rewind(consumer)
                    continue
                for message in messages:
                    producer.produce("out", message.value(), partition=message.partition())
                    producer.poll(0)
                positions = consumer.position([TopicPartition("in", self.partition)])
                producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata(), PATIENCE)
                producer.commit_transaction(PATIENCE)
                self.commits += 1
            except KafkaException as failure:
                if not failure.args[0].txn_requires_abort():
                    consumer.close()
                    raise
                producer.abort_transaction(PATIENCE)
                self.aborts += 1
                self.rewind(consumer)
        consumer.close()

    def give_up(self, producer):
        for _ in range(3):
            producer.produce("out", UNSEEN, partition=self.partition)
        producer.flush(0.05)
        producer.abort_transaction(PATIENCE)
        self.aborts += 1

    def consumer(self):
        stable = {"isolation.level": "read_committed", "auto.offset.reset": "earliest", "enable.auto.commit": False}
        consumer = Consumer(client(self.address, **{"group.id": f"{GROUP}-{self.partition}"}, **stable))
        self.rewind(consumer)
        return consumer

    def rewind(self, consumer):
        """To what is committed; a restart may take a while to tell."""
        here = [TopicPartition("in", self.partition)]
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                committed = consumer.committed(here, 10)
                assert committed[0].error is None, committed[0].error
                break
            except (KafkaException, AssertionError):
                if time.monotonic() > deadline:
                    raise
        here[0].offset = max(committed[0].offset, 0)
        consumer.assign(here)


class Command:
    """A copier that is a process of its own; begun again when it ends."""

    def __init__(self, address, partition, end):
        self.partition, self.end, self.restarts = partition, end, -1
        self.arguments = [
            *shlex.split(os.environ["COPIER"]), "--broker-list", address, "--input-topic", "in", "--input-partition", str(partition),
            "--output-topic", "out", "--transactional-id", f"copier-{partition}", "--consumer-group", f"{GROUP}-{partition}",
            "--transaction-size", "100", "--transaction-timeout", "20000", "--enable-random-aborts", "--use-group-metadata",
        ]
        self.process = None
        # Nothing outlives a chain that failed.
        atexit.register(self.stop)

    def keep(self):
        if self.process is None or self.process.poll() is not None:
            self.restarts += 1
            log = open(f"{self.end}-copier-{self.partition}.log", "ab")
            self.process = subprocess.Popen(self.arguments, stdout=log, stderr=log)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Reader(Part):
    """Reads what is committed, all the while."""

    def __init__(self, address):
        super().__init__(address)
        self.seen = [[] for _ in range(PARTITIONS)]

    def work(self):
        consumer = Consumer(client(self.address, **{"group.id": "reader", "isolation.level": "read_committed"}))
        consumer.assign([TopicPartition("out", partition, 0) for partition in range(PARTITIONS)])
        while self.going:
            for message in consumer.consume(500, 0.2):
                if message.error() is None:
                    self.seen[message.partition()].append(message.value())
        consumer.close()

    def count(self):
        return sum(len(seen) for seen in self.seen)

    def is_done(self, sent):
        return all(len(seen) >= count for seen, count in zip(self.seen, sent))


def check(what, seen, sent):
    for partition, (values, count) in enumerate(zip(seen, sent)):
        assert UNSEEN not in values, f"{what} shows records of aborted transactions"
        wanted = [b"%d" % number for number in range(count)]
        if values != wanted:
            at = next((i for i, pair in enumerate(zip(values, wanted)) if pair[0] != pair[1]), min(len(values), count))
            raise AssertionError(
                f"{what}, partition {partition}: {len(values)} of {count}, they part at {at}: "
                f"{values[at:at + 5]} for {wanted[at:at + 5]}"
            )


def rounds_of(node, rounds, pause=(0.3, 1.5)):
    """Runs the chain and kills the node so often; tells how it went."""
    admin = AdminClient(client(node.address))
    for made in admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in ("in", "out")]).values():
        made.result(30)
    is_own = "COPIER" not in os.environ
    reader = Reader(node.address)
    source = Source(node.address, 0.002 if is_own else 0.02, reader)
    parts = [source, reader]
    commands = []
    if not is_own:
        commands = [Command(node.address, partition, node.directory) for partition in range(PARTITIONS)]
    else:
        parts += [Copier(node.address, partition) for partition in range(PARTITIONS)]
    for part in parts:
        part.start()
    for _ in range(rounds):
        begun, seen = time.monotonic(), reader.count()
        end = begun + random.uniform(*pause)
        # However slow the machine, each life of the node is long enough for some of the chain.
        while time.monotonic() < end or reader.count() < seen + LIFE_RECORDS_MIN:
            assert time.monotonic() < begun + PATIENCE, f"the chain stands still at {reader.count()}"
            for command in commands:
                command.keep()
            time.sleep(0.05)
        node.kill()
        node.start(node.port())
    source.stop()
    source.join(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while not reader.is_done(source.sent):
        for command in commands:
            command.keep()
        assert time.monotonic() < deadline, f"{[len(seen) for seen in reader.seen]} of {source.sent} are copied"
        time.sleep(0.1)
    time.sleep(0.5)
    for part in [*parts, *commands]:
        part.stop()
    for part in parts:
        part.join(PATIENCE)
        assert part.failure is None, part.failure
    check("the reader that was there all the time", reader.seen, source.sent)
    again = Reader(node.address)
    again.start()
    while not again.is_done(source.sent) and time.monotonic() < deadline + PATIENCE:
        time.sleep(0.1)
    again.stop()
    again.join(PATIENCE)
    check("the topic", again.seen, source.sent)
    copiers = [part for part in parts if isinstance(part, Copier)]
    return {
        "records": sum(source.sent),
        "commits": sum(copier.commits for copier in copiers),
        "aborts": sum(copier.aborts for copier in copiers),
        "restarts of copiers": sum(copier.restarts for copier in [*copiers, *commands]),
    }


def main():
    rounds = int(sys.argv[1])
    directory = sys.argv[2] if len(sys.argv) > 2 else os.path.join(tempfile.mkdtemp(), "node")
    node = Node(directory).start()
    try:
        told = rounds_of(node, rounds)
        print(f"{rounds} kills: exactly once and in order; " + ", ".join(f"{count} {name}" for name, count in told.items()))
        node.stop()
    finally:
        node.end()


if __name__ == "__main__":
    main()
