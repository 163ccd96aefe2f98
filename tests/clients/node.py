"""Nodes of the tests: processes of the binary that VLTAVA names, on ports of the system's choosing."""

import os
import signal
import socket
import subprocess
import time


def binary():
    return os.environ["VLTAVA"]


def free_ports(count):
    """Ports that nobody listens on. They are all held until the last is found, so that they differ."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def until(what, condition, seconds=60):
    """Waits for a condition, a minute at the most unless more is said."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


class Process:
    """A node of any kind: what runs, and how it ends."""

    process = None

    def spawn(self, command, log, **more):
        with open(log, "ab") as errors:
            self.process = subprocess.Popen(command, stderr=errors, **more)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=30)

    def end(self):
        """Whatever happened to it, it does not outlive its test."""
        if self.process is not None and self.process.poll() is None:
            self.kill()


class Node(Process):
    """A combined node as `vltava dev` runs it."""

    def __init__(self, directory, *overrides):
        self.directory = directory
        self.overrides = [part for pair in overrides for part in ("--override", pair)]
        self.address = None

    def start(self, port=0):
        # Only the brokers' port has to be the same as before: the one beside it may be somebody's by now.
        listeners = f"listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:0"
        command = [binary(), "dev", "--dir", self.directory, "--port", str(port), "--override", listeners, *self.overrides]
        self.spawn(command, self.directory + ".log", stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("vltava is running: "):
                self.address = line.split(": ")[1].strip()
                return self
        with open(self.directory + ".log") as log:
            raise AssertionError("the node did not start: " + log.read())

    def port(self):
        return int(self.address.rsplit(":", 1)[1])


class Server(Process):
    """A node of a properties file, formatted when it is made."""

    CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"

    def __init__(self, directory, **settings):
        os.makedirs(directory)
        self.file = os.path.join(directory, "server.properties")
        settings["log.dirs"] = os.path.join(directory, "data")
        with open(self.file, "w") as file:
            file.writelines(f"{key}={value}\n" for key, value in settings.items())
        format_ = [binary(), "storage", "format", "-t", self.CLUSTER_ID, "-c", self.file]
        subprocess.run(format_, check=True, stdout=subprocess.DEVNULL)

    def start(self, *ports):
        """Starts it and waits until it listens on `ports`."""
        self.spawn([binary(), "server", self.file], self.file + ".log")
        deadline = time.monotonic() + 120
        for port in ports:
            while not listens(port):
                assert self.process.poll() is None and time.monotonic() < deadline, open(self.file + ".log").read()
                time.sleep(0.05)
        return self


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False
