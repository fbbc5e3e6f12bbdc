import pytest

from device_drivers.families.mass_storage import FAMILY
from device_drivers.families.mass_storage.protocol import UsbFacts, make_identity
from device_drivers.identity_file import parse_identity_file
from device_drivers.transports.bulk_only_scsi import Inquiry
from device_drivers.transports.filesystem_child import VolumeFacts
from device_drivers.transports.usb import UsbDescription, UsbInterface

VOLUME = VolumeFacts(0, kind="FAT32", volume_id="1234abcd", label="BODYCAM", offset_bytes=0, free_bytes=None)
DISK = UsbInterface(0, 0x08, 0x06, 0x50)


def device(*interfaces, vendor=0x1209, product=1):
    return UsbDescription(vendor, product, 0, 1, 2, "1-1", 3, interfaces)


def test_any_disk_matches_and_a_novatek_matches_twice():
    (any_disk, novatek) = FAMILY.profile.matches

    assert [match.find_interface(device(DISK)) for match in (any_disk, novatek)] == [DISK, None]
    assert [match.find_interface(device(DISK, vendor=0x0603, product=0x8611)) for match in (any_disk, novatek)] == [DISK, DISK]
    assert novatek.rank < any_disk.rank


@pytest.mark.parametrize(("said", "fits"), [(("NOVATEKN", "vt-DSC", "1.00"), True), (("NOVATEKN", "other", "1.00"), False)])
def test_a_novatek_is_known_by_its_caption(said, fits):
    assert FAMILY.profile.matches[1].fits_inquiry(Inquiry(0, True, *said)) is fits


def test_a_usb_serial_is_never_taken_for_an_identity():
    identity = make_identity(VOLUME, None, UsbFacts(0x0603, 0x8611, "966110000000100", (1, 2)))

    assert (identity.serial, identity.usb_serial, identity.volume_id) == (None, "966110000000100", "1234abcd")
    assert identity.recognition_key == "volume:mass-storage:1234abcd:BODYCAM"


def test_an_identity_file_speaks_for_the_recorder():
    identity = make_identity(VOLUME, parse_identity_file(b"serial=BWC7\nofficer=100234"), None)

    assert (identity.serial, identity.officer_code, identity.usb_vendor_id) == ("BWC7", "100234", None)
