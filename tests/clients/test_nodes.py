"""Nodes of other shapes than one process with one listener: what clients are told of them."""

import time
import uuid

import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from kafka import KafkaConsumer, KafkaProducer
from node import Server, free_ports

SINGLE = {
    "controller.listener.names": "CONTROLLER",
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "group.initial.rebalance.delay.ms": 0,
}


def until(what, condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


@pytest.fixture
def listeners(tmp_path):
    """A node with a listener for inside and one for outside, told apart by port and by the host that is advertised."""
    internal, external, controller = free_ports(3)
    server = Server(str(tmp_path / "node"), **SINGLE, **{
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"INTERNAL://127.0.0.1:{internal},EXTERNAL://127.0.0.1:{external},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"INTERNAL://127.0.0.1:{internal},EXTERNAL://localhost:{external}",
        "listener.security.protocol.map": "INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INTERNAL",
    }).start(internal, external)
    yield ("127.0.0.1", internal), ("localhost", external)
    server.end()


def round_trip(address, topic):
    """Produces and reads ten records in a group, so that leader and coordinator are both found from `address`."""
    producer = Producer({"bootstrap.servers": address})
    for number in range(10):
        producer.produce(topic, str(number))
    assert producer.flush(30) == 0
    consumer = Consumer({"bootstrap.servers": address, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    values = []

    def poll():
        message = consumer.poll(0.2)
        if message is not None and not message.error():
            values.append(message.value())
        return len(values) == 10

    until("ten records are read", poll)
    consumer.commit(asynchronous=False)
    consumer.close()


def test_a_client_stays_on_the_listener_that_it_came_by(listeners):
    for host, port in listeners:
        address = f"{host}:{port}"
        admin = AdminClient({"bootstrap.servers": address})
        metadata = admin.list_topics(timeout=10)
        assert [(broker.host, broker.port) for broker in metadata.brokers.values()] == [(host, port)]
        described = admin.describe_cluster(request_timeout=10).result()
        assert [(one.host, one.port) for one in described.nodes] == [(host, port)]
        topic = "t-" + uuid.uuid4().hex[:8]
        admin.create_topics([NewTopic(topic, 2, 1)])[topic].result(20)
        round_trip(address, topic)
        group = "g-" + uuid.uuid4().hex[:8]
        coordinator = Consumer({"bootstrap.servers": address, "group.id": group})
        coordinator.subscribe([topic])
        until("the group is there", lambda: coordinator.poll(0.1) or coordinator.assignment())
        found = admin.describe_consumer_groups([group])[group].result(20).coordinator
        assert (found.host, found.port) == (host, port)
        coordinator.close()


def test_the_pure_python_client_stays_on_its_listener_too(listeners):
    for host, port in listeners:
        topic = "t-" + uuid.uuid4().hex[:8]
        producer = KafkaProducer(bootstrap_servers=f"{host}:{port}")
        producer.send(topic, b"value").get(30)
        brokers = {(one.host, one.port) for one in producer._metadata.brokers()}
        assert brokers == {(host, port)}
        producer.close()


def test_a_broker_joins_a_controller_of_another_process(tmp_path):
    broker_port, controller_port = free_ports(2)
    controller = Server(str(tmp_path / "controller"), **{
        "process.roles": "controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"CONTROLLER://127.0.0.1:{controller_port}",
        "controller.listener.names": "CONTROLLER",
    })
    broker = Server(str(tmp_path / "broker"), **SINGLE, **{
        "process.roles": "broker",
        "node.id": 2,
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{broker_port}",
    })
    try:
        controller.start(controller_port)
        broker.start(broker_port)
        address = f"127.0.0.1:{broker_port}"
        admin = AdminClient({"bootstrap.servers": address})
        assert list(admin.list_topics(timeout=10).brokers) == [2]
        admin.create_topics([NewTopic("joined", 2, 1)])["joined"].result(20)
        round_trip(address, "joined")
        with pytest.raises(KafkaException):
            admin.create_topics([NewTopic("joined", 2, 1)])["joined"].result(20)
        # The controller comes back with what it knew, and the broker with it.
        controller.kill()
        controller.start(controller_port)
        admin.create_topics([NewTopic("later", 1, 1)])["later"].result(30)
        round_trip(address, "later")
        broker.stop()
        broker.start(broker_port)
        assert {"joined", "later"} <= set(AdminClient({"bootstrap.servers": address}).list_topics(timeout=10).topics)
        round_trip(address, "joined")
    finally:
        broker.end()
        controller.end()
