import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from device_drivers.errors import UnsupportedRecorderError
from device_drivers.families.mass_storage import FAMILY
from device_drivers.registry import ENTRY_POINT_GROUP, FoundRecorder, open_image
from device_drivers.transports.usb import UsbDescription


class DisklessFamily:
    name = "diskless"

    def open_disk(self, disk):
        return None


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "card.img"
    path.write_bytes(bytes(4_096))
    return path


def test_an_image_that_no_family_takes_is_refused(image):
    with pytest.raises(UnsupportedRecorderError, match="no installed driver family"):
        open_image(image, families=[DisklessFamily()])


def test_a_refused_recorder_is_never_opened():
    class Family:
        def open_usb(self, device, description):
            raise AssertionError

    found = FoundRecorder(UsbDescription(1, 2, 0, 1, 2, "1-1", 3, ()), Family(), "it is a keyboard", object())

    with pytest.raises(UnsupportedRecorderError, match="it is a keyboard"):
        found.open()


def test_every_entry_point_of_the_package_names_a_family():
    project = tomllib.loads((Path(__file__).resolve().parents[3] / "pyproject.toml").read_text())["project"]
    points = project["entry-points"][ENTRY_POINT_GROUP]

    families = {}
    for name, target in points.items():
        module, _, attribute = target.partition(":")
        families[name] = getattr(import_module(module), attribute)

    assert families["mass-storage"] is FAMILY
    assert all(family.name == name for name, family in families.items())
