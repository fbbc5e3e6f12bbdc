import threading

import pytest

from device_drivers.dock.errors import StoppedError
from device_drivers.dock.patience import Patience
from device_drivers.dock.turns import Turns


def test_no_more_files_are_read_at_once_than_there_are_turns(patience):
    turns, lock = Turns(2, patience), threading.Lock()
    busy, busiest = [], []

    def read():
        with turns.take():
            with lock:
                busy.append(1)
                busiest.append(len(busy))
            threading.Event().wait(0.01)
            with lock:
                busy.pop()

    threads = [threading.Thread(target=read) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(busiest) == 12
    assert max(busiest) == 2


def test_whoever_waits_longest_comes_first(patience):
    turns, order = Turns(1, patience), []

    def read(name):
        with turns.take():
            order.append(name)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(5)]
    with turns.take():
        for thread in threads:
            thread.start()
            while len(turns._waiting) <= threads.index(thread):
                threading.Event().wait(0.001)
    for thread in threads:
        thread.join()

    assert order == [0, 1, 2, 3, 4]


def test_two_turns_never_share_buffers(patience):
    turns = Turns(2, patience)

    with turns.take() as one, turns.take() as other:
        assert one is not other


def test_waiting_for_a_turn_ends_with_the_program(stop):
    turns = Turns(1, Patience(1, stop))

    with turns.take():
        stop.set()
        with pytest.raises(StoppedError):
            turns.take().__enter__()
    assert not turns._waiting
