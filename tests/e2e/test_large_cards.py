"""Very many files, and one longer than 32 bits can count: memory stays bounded, and everything is sealed."""

import hashlib
import struct

import pytest

from tests.bench.measuring import MIB, json_lines
from tests.integration.device_drivers.media import ExfatImage, card, write_card

MOST_PEAK_BYTES = 150 * MIB


def check_many(system, tmp_path, count):
    name = "DCIM/100MEDIA/BWC7_100234_20261124093015_{:05}.MP4"
    films = {name.format(number): f"film {number}".encode() for number in range(count)}
    image = write_card(tmp_path / "card.img", card({"RECORDER.TXT": f"serial=ZFMANY{count}".encode(), **films}))

    cost = system.dock_measured("--image", image)

    *files, summary = json_lines(cost.output)
    assert (summary["files"], summary["sealed"]) == (count, count)
    assert {file["path"]: file["sha256"] for file in files} == {path: hashlib.sha256(content).hexdigest() for path, content in films.items()}
    assert len({file["clip_id"] for file in files}) == count
    assert len(system.clips_of(f"ZFMANY{count}")) == count
    return cost


def test_hundreds_of_files_are_sealed(system, tmp_path):
    cost = check_many(system, tmp_path, 300)

    assert cost.peak_bytes <= MOST_PEAK_BYTES


@pytest.mark.nightly
@pytest.mark.timeout(2400)
def test_ten_thousand_files_are_sealed(system, tmp_path):
    check_many(system, tmp_path, 10_000)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_a_file_longer_than_four_gibibytes_is_sealed_and_given_back(system, tmp_path):
    size = 4 * 1024**3 + 7 * MIB + 5
    exfat = ExfatImage(tmp_path / "card.img", 5 * 1024**3)
    exfat.add_file(exfat.root, "long.mp4", size=size)
    image = exfat.close()

    cost = system.dock_measured("--image", image)

    film, summary = json_lines(cost.output)
    assert (film["state"], film["size_bytes"], summary["sealed"]) == ("sealed", size, 1)
    assert cost.peak_bytes <= MOST_PEAK_BYTES
    assert (film["sha256"], film["sm3"]) == sparse_digests(size)
    for at in range(1024**3, size, 1024**3):
        part = system.media(film["clip_id"], headers={"Range": f"bytes={at - 8}-{at - 1}"})
        assert struct.unpack("<Q", part.data) == (at,)
    end = system.media(film["clip_id"], headers={"Range": f"bytes={size - 5}-"})
    assert (end.status, end.data) == (206, bytes(5))


def sparse_digests(size):
    """Digests of what :class:`ExfatImage` makes of a size alone: zeros, but for the offset in the last bytes of each GiB."""
    running = [hashlib.new(name) for name in ("sha256", "sm3")]
    for start in range(0, size, 1024**3):
        length = min(1024**3, size - start)
        whole = bytes(MIB)
        for at in range(0, length, MIB):
            piece = whole[: min(MIB, length - at)]
            if at + MIB == 1024**3 and start + 1024**3 < size:
                piece = piece[:-8] + struct.pack("<Q", start + 1024**3)
            for digest in running:
                digest.update(piece)
    return tuple(digest.hexdigest() for digest in running)
