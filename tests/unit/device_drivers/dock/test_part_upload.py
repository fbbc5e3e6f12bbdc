import pytest

from device_drivers.dock.answers import StoredPart, UploadGrant
from device_drivers.dock.errors import InsecureAddressError, MalformedAnswerError, PartRefusedError, StoppedError, TooManyPartsError
from device_drivers.dock.part_buffers import BUFFERS, PartBuffers
from device_drivers.dock.part_upload import PartAddresses, PartUpload
from device_drivers.dock.patience import Patience
from integrity.hashing import content_md5


def make_upload(pool, patience, *, urls=None, more=None, stored=()):
    grant = UploadGrant("u", 5, 12, tuple(stored), urls or {})
    return PartUpload(grant, more=more or (lambda _numbers: {}), pool=pool, patience=patience)


def test_addresses_are_asked_for_in_lots_and_once_each():
    asked = []

    def more(numbers):
        asked.append(list(numbers))
        return {str(number): f"https://store.example/{number}" for number in numbers}

    addresses = PartAddresses(250, more, {"1": "https://store.example/1"})

    assert [addresses.of(number) for number in range(1, 251)] == [f"https://store.example/{number}" for number in range(1, 251)]
    assert [(len(lot), lot[0]) for lot in asked] == [(100, 2), (100, 102), (49, 202)]


def test_an_address_beyond_the_announced_end_is_asked_for_alone():
    addresses = PartAddresses(2, lambda numbers: {str(number): "https://x.example" for number in numbers}, {})

    assert addresses.of(3)
    assert list(addresses.known) == ["3"]


def test_only_an_address_that_is_still_at_hand_expires_the_others():
    addresses = PartAddresses(2, lambda _numbers: {}, {"1": "https://x.example/new", "2": "https://x.example/2"})

    addresses.expire("https://x.example/old")
    assert addresses.known
    addresses.expire("https://x.example/new")
    assert not addresses.known


@pytest.mark.parametrize("urls", [{}, {"1": 5}, {"1": "not an address"}])
def test_a_service_that_gives_no_address_is_told_apart(pool, patience, urls):
    upload = make_upload(pool, patience, more=lambda _numbers: urls)

    with pytest.raises(MalformedAnswerError):
        upload.put(1, memoryview(b"abcde"))


def test_footage_never_goes_unencrypted_over_a_network(pool, patience):
    upload = make_upload(pool, patience, urls={"1": "http://store.example/1"})

    with pytest.raises(InsecureAddressError):
        upload.put(1, memoryview(b"abcde"))


@pytest.mark.parametrize("etag", ['"{}"', "{}"])
def test_a_part_that_is_stored_already_is_not_sent(pool, patience, etag):
    stored = StoredPart(1, 5, etag.format(content_md5(b"abcde").hex()))

    part = make_upload(pool, patience, stored=[stored]).put(1, memoryview(b"abcde"))

    assert (part.number, part.size_bytes, part.md5) == (1, 5, content_md5(b"abcde").hex())


def test_there_are_ten_thousand_parts_and_no_more(pool, patience):
    with pytest.raises(TooManyPartsError):
        make_upload(pool, patience).put(10_001, memoryview(b"a"))


def test_addresses_that_stay_forbidden_are_given_up(service, pool, patience):
    asked = []

    def more(numbers):
        asked.append(numbers)
        return {str(number): f"{service.url}/store/x/{number}?signature=wrong" for number in numbers}

    with pytest.raises(PartRefusedError, match="403 AccessDenied"):
        make_upload(pool, patience, more=more).put(1, memoryview(b"abcde"))
    assert len(asked) == 6


def test_nothing_is_sent_once_the_program_is_to_end(pool, patience, stop):
    stop.set()

    with pytest.raises(StoppedError):
        make_upload(pool, patience).put(1, memoryview(b"abcde"))


def test_a_buffer_comes_back_after_its_last_user(patience):
    buffers = PartBuffers(patience)
    taken = [buffers.take(10) for _ in range(BUFFERS)]
    taken[0].hold()

    taken[0].release()
    taken[0].release()

    assert buffers.take(10) is taken[0]


def test_buffers_grow_only_where_parts_are_larger(patience):
    buffers = PartBuffers(patience)
    for _ in range(BUFFERS):
        buffers.take(10).release()

    again = buffers.take(20)

    assert len(again.whole) == 20
    again.size_bytes = 3
    assert len(again.filled) == 3


def test_waiting_for_a_buffer_ends_with_the_program(stop, monkeypatch):
    monkeypatch.setattr("device_drivers.dock.part_buffers._LOOK_S", 0.01)
    buffers = PartBuffers(Patience(1, stop))
    for _ in range(BUFFERS):
        buffers.take(10)
    monkeypatch.setattr(stop, "is_set", iter([False, False, True]).__next__)

    with pytest.raises(StoppedError):
        buffers.take(10)
