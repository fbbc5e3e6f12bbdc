"""A child that does what its file says: stands for a parser that hostile bytes have taken over."""

import os
import socket
import sys
import time

from service.media.confinement import PipedFile, send, serve
from service.media.wire import READ, Frame


def look(file: PipedFile):
    wish = file.read(16).decode().strip()
    return {"did": WISHES[wish](file)}


def spin(_file):
    while True:
        pass


def sleep(_file):
    time.sleep(3600)


def eat(_file):
    hoard = []
    while True:
        hoard.append(bytearray(64 * 1024**2))


def read_all(file):
    while True:
        file.seek(0)
        file.read(1024**2)


def read_beyond(file):
    send(sys.stdout.buffer, Frame.READ, READ.pack(file.size_bytes, 10))
    time.sleep(3600)


def talk(_file):
    send(sys.stdout.buffer, Frame.ANSWER, b"x" * 1_000_000)


def escape(_file):
    return [_attempt(act) for act in (lambda: open(sys.executable, "rb"), socket.socket, os.fork, lambda: open("/tmp/left", "w"))]  # noqa: S108, PTH123 - what must fail


def environment(_file):
    return sorted(os.environ)


def descriptors(_file):
    return [number for number in range(3, 256) if _is_open(number)]


def _attempt(act):
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "done"


def _is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


WISHES = {function.__name__: function for function in (spin, sleep, eat, read_all, read_beyond, talk, escape, environment, descriptors)}

if __name__ == "__main__":
    sys.exit(serve(look))
