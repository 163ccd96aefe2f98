"""Nodes of other shapes than one process with one listener: what clients are told of them."""

import os
import subprocess
import uuid

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from kafka import KafkaConsumer, KafkaProducer
from node import Server, free_ports, until

SINGLE = {
    "controller.listener.names": "CONTROLLER",
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "group.initial.rebalance.delay.ms": 0,
}


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
    assert producer.flush(60) == 0
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
        metadata = admin.list_topics(timeout=60)
        assert [(broker.host, broker.port) for broker in metadata.brokers.values()] == [(host, port)]
        described = admin.describe_cluster(request_timeout=60).result()
        assert [(one.host, one.port) for one in described.nodes] == [(host, port)]
        topic = "t-" + uuid.uuid4().hex[:8]
        admin.create_topics([NewTopic(topic, 2, 1)])[topic].result(60)
        round_trip(address, topic)
        group = "g-" + uuid.uuid4().hex[:8]
        coordinator = Consumer({"bootstrap.servers": address, "group.id": group})
        coordinator.subscribe([topic])
        until("the group is there", lambda: coordinator.poll(0.1) or coordinator.assignment())
        found = admin.describe_consumer_groups([group])[group].result(60).coordinator
        assert (found.host, found.port) == (host, port)
        coordinator.close()


def test_the_pure_python_client_stays_on_its_listener_too(listeners):
    for host, port in listeners:
        topic = "t-" + uuid.uuid4().hex[:8]
        producer = KafkaProducer(bootstrap_servers=f"{host}:{port}")
        producer.send(topic, b"value").get(60)
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
        assert list(admin.list_topics(timeout=60).brokers) == [2]
        admin.create_topics([NewTopic("joined", 2, 1)])["joined"].result(60)
        round_trip(address, "joined")
        with pytest.raises(KafkaException):
            admin.create_topics([NewTopic("joined", 2, 1)])["joined"].result(60)
        # The controller comes back with what it knew, and the broker with it.
        controller.kill()
        controller.start(controller_port)
        admin.create_topics([NewTopic("later", 1, 1)])["later"].result(60)
        round_trip(address, "later")
        broker.stop()
        broker.start(broker_port)
        assert {"joined", "later"} <= set(AdminClient({"bootstrap.servers": address}).list_topics(timeout=60).topics)
        round_trip(address, "joined")
    finally:
        broker.end()
        controller.end()


def test_transactions_reach_over_brokers(tmp_path):
    """Coordinators and partitions on two brokers, so that markers and questions go from one to the other."""
    controller_port, *ports = free_ports(3)
    voters = f"1@127.0.0.1:{controller_port}"
    controller = Server(str(tmp_path / "controller"), **{
        "process.roles": "controller",
        "node.id": 1,
        "controller.quorum.voters": voters,
        "listeners": f"CONTROLLER://127.0.0.1:{controller_port}",
        "controller.listener.names": "CONTROLLER",
    })
    brokers = [
        Server(str(tmp_path / f"broker-{number}"), **SINGLE, **{
            "process.roles": "broker",
            "node.id": number,
            "controller.quorum.voters": voters,
            "listeners": f"PLAINTEXT://127.0.0.1:{port}",
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.num.partitions": 6,
        })
        for number, port in zip((2, 3), ports)
    ]
    try:
        controller.start(controller_port)
        for broker, port in zip(brokers, ports):
            broker.start(port)
        address = ",".join(f"127.0.0.1:{port}" for port in ports)
        admin = AdminClient({"bootstrap.servers": address})
        until("both brokers are there", lambda: len(admin.list_topics(timeout=10).brokers) == 2)
        admin.create_topics([NewTopic("spread", 6, 1)])["spread"].result(20)
        led = {one.leader for one in admin.list_topics("spread", timeout=10).topics["spread"].partitions.values()}
        assert led == {2, 3}
        wanted = set()
        for number in range(8):
            producer = Producer({"bootstrap.servers": address, "transactional.id": f"id-{number}"})
            producer.init_transactions(30)
            for ending in ("commit", "abort", "commit"):
                producer.begin_transaction()
                for partition in range(6):
                    value = f"{number}-{ending}-{partition}-{uuid.uuid4().hex}"
                    producer.produce("spread", value, partition=partition)
                    if ending == "commit":
                        wanted.add(value.encode())
                if ending == "commit":
                    producer.commit_transaction(30)
                else:
                    producer.abort_transaction(30)
        # The tools' own client leaves it to the brokers to add partitions.
        command = [os.environ["VLTAVA"], "producer-perf-test", "--topic", "spread", "--num-records", "2000", "--record-size", "100"]
        command += ["--throughput", "4000", "--bootstrap-server", address, "--transaction-duration-ms", "50"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
        consumer = Consumer({
            "bootstrap.servers": address, "group.id": "g", "isolation.level": "read_committed", "auto.offset.reset": "earliest",
        })
        consumer.assign([TopicPartition("spread", partition, 0) for partition in range(6)])
        seen = []

        def read():
            seen.extend(one.value() for one in consumer.consume(500, 0.2) if one.error() is None)
            return len(seen) >= len(wanted) + 2000

        until("all is read", read)
        consumer.close()
        assert {value for value in seen if len(value) < 100} == wanted
        assert len(seen) == len(wanted) + 2000
    finally:
        for one in (*brokers, controller):
            one.end()
