"""Starts a node for the tests, on ports of the system's choosing, and stops it in good order."""

import os
import signal
import subprocess
import tempfile

import pytest


class Node:
    def __init__(self, directory, *overrides):
        self.directory = directory
        self.overrides = [part for pair in overrides for part in ("--override", pair)]
        self.process = None
        self.address = None

    def start(self, port=0):
        command = [os.environ["VLTAVA"], "dev", "--dir", self.directory, "--port", str(port), *self.overrides]
        log = open(os.path.join(self.directory + ".log"), "ab")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        for line in self.process.stdout:
            if line.startswith("vltava is running: "):
                self.address = line.split(": ")[1].strip()
                return self
        raise AssertionError("the node did not start: " + open(self.directory + ".log").read())

    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=30)


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
        if running.process.poll() is None:
            running.kill()
