"""Quotas, as a client sees them, and SCRAM credentials through librdkafka's administration."""

import subprocess
import time
import uuid

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient, NewTopic, ScramCredentialInfo, ScramMechanism, UserScramCredentialDeletion,
    UserScramCredentialUpsertion)
from node import binary, until

RATE = 200_000


def configs(node, *arguments):
    command = [binary(), "configs", "--bootstrap-server", node.address, "--alter", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def bounded(node):
    """A client id whose bytes are bounded, and a topic."""
    client, topic = "c-" + uuid.uuid4().hex[:8], "t-" + uuid.uuid4().hex[:8]
    admin = AdminClient({"bootstrap.servers": node.address})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(60)
    entity = ["--entity-type", "clients", "--entity-name", client]
    configs(node, *entity, "--add-config", f"producer_byte_rate={RATE},consumer_byte_rate={RATE}")
    yield client, topic
    configs(node, *entity, "--delete-config", "producer_byte_rate,consumer_byte_rate")


def test_a_client_is_held_to_its_rates(node, bounded):
    client, topic = bounded
    throttled, value, count = [], b"x" * 10_000, 100
    # Not to be told apart from others by what it produced before its quota was known.
    producer = Producer({
        "bootstrap.servers": node.address, "client.id": client, "batch.size": 20_000, "linger.ms": 0,
        "throttle_cb": lambda event: throttled.append(event.throttle_time)})
    began = time.time()
    for _ in range(count):
        producer.produce(topic, value)
        producer.poll(0)
    assert producer.flush(60) == 0
    took = time.time() - began
    # The first second's worth is free.
    assert took > len(value) * count / RATE - 1.5, took
    assert throttled and max(throttled) > 0
    consumer = Consumer({
        "bootstrap.servers": node.address, "client.id": client, "group.id": uuid.uuid4().hex,
        "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    began, got = time.time(), 0
    while got < count and time.time() < began + 60:
        message = consumer.poll(0.5)
        if message is not None and not message.error():
            got += 1
    consumer.close()
    assert got == count
    assert time.time() - began > len(value) * count / RATE - 2.5


def test_credentials_are_kept(node):
    admin = AdminClient({"bootstrap.servers": node.address})
    user, info = "u-" + uuid.uuid4().hex[:8], ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 8192)
    admin.alter_user_scram_credentials([UserScramCredentialUpsertion(user, info, b"secret")])[user].result(60)

    def held():
        """What is told of the user; none where there is no such user. The node may take a moment to know."""
        try:
            described = admin.describe_user_scram_credentials([user])[user].result(60)
            return [(one.mechanism, one.iterations) for one in described.scram_credential_infos]
        except KafkaException:
            return None

    until("the user is known", lambda: held() == [(ScramMechanism.SCRAM_SHA_512, 8192)])
    deletion = UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512)
    admin.alter_user_scram_credentials([deletion])[user].result(60)
    until("the user is gone", lambda: held() is None)
