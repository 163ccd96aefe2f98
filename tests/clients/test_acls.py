"""The authorizer, as clients meet it. Every client is User:ANONYMOUS, so entries that deny make the difference."""


import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)
from node import Node, until

SETTINGS = [
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found=true",
]


@pytest.fixture
def node(tmp_path):
    node = Node(str(tmp_path / "node"), *SETTINGS).start()
    yield node
    node.end()


def deny(topic, operation):
    return AclBinding(
        ResourceType.TOPIC, topic, ResourcePatternType.PREFIXED, "User:ANONYMOUS", "*", operation, AclPermissionType.DENY
    )


def allow_all():
    """Where an entry covers a topic, what none allows is denied."""
    literal, allow = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
    return AclBinding(ResourceType.TOPIC, "*", literal, "User:*", "*", AclOperation.ALL, allow)


def everything():
    anything = (ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY)
    return AclBindingFilter(*anything)


def produce(node, topic):
    """What becomes of one record: an error, or none."""
    told = []
    producer = Producer({"bootstrap.servers": node.address, "message.timeout.ms": 60_000})
    producer.produce(topic, b"x", on_delivery=lambda error, _: told.append(error and error.name()))
    producer.flush(60)
    return told


def test_entries_hold_until_they_go_and_across_a_restart(node):
    admin = AdminClient({"bootstrap.servers": node.address})
    for future in admin.create_topics([NewTopic("open", 1), NewTopic("shut-1", 1), NewTopic("dim-1", 1)]).values():
        future.result()
    assert produce(node, "shut-1") == [None]
    entries = [allow_all(), deny("shut-", AclOperation.WRITE), deny("dim-", AclOperation.DESCRIBE)]
    for future in admin.create_acls(entries).values():
        future.result()
    until("a write is refused", lambda: produce(node, "shut-1") == ["TOPIC_AUTHORIZATION_FAILED"])
    assert produce(node, "open") == [None]
    assert set(admin.list_topics().topics) >= {"open", "shut-1"} and "dim-1" not in admin.list_topics().topics
    assert len(admin.describe_acls(everything()).result()) == 3

    port = node.port()
    node.kill()
    node.start(port)
    assert produce(node, "shut-1") == ["TOPIC_AUTHORIZATION_FAILED"]
    gone = next(iter(admin.delete_acls([everything()]).values())).result()
    assert {binding.name for binding in gone} == {"*", "shut-", "dim-"}
    until("a write is taken", lambda: produce(node, "shut-1") == [None])
    assert "dim-1" in admin.list_topics().topics


def test_without_an_authorizer_there_is_nothing_to_change(tmp_path):
    node = Node(str(tmp_path / "node")).start()
    try:
        admin = AdminClient({"bootstrap.servers": node.address})
        with pytest.raises(KafkaException) as raised:
            next(iter(admin.create_acls([deny("x", AclOperation.WRITE)]).values())).result()
        assert raised.value.args[0].name() == "SECURITY_DISABLED"
    finally:
        node.end()
