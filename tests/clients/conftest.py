"""The nodes that tests share, and those that a test has for itself."""

import os
import tempfile

import pytest
from node import Node


@pytest.fixture(scope="session")
def node():
    with tempfile.TemporaryDirectory() as directory:
        running = Node(os.path.join(directory, "data"), "num.partitions=4").start()
        yield running
        running.stop()


@pytest.fixture
def own_node():
    """A node that a test may kill."""
    with tempfile.TemporaryDirectory() as directory:
        running = Node(os.path.join(directory, "data")).start()
        yield running
        running.end()
