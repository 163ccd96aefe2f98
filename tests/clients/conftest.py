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


@pytest.fixture
def own_node_with():
    """Makes a node with settings of the test's choosing."""
    with tempfile.TemporaryDirectory() as directory:
        made = []

        def make(*overrides):
            made.append(Node(os.path.join(directory, f"data-{len(made)}"), *overrides).start())
            return made[-1]

        yield make
        for running in made:
            running.end()
