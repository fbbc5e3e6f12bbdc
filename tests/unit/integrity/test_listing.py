import pytest

from integrity.listing import is_identity


@pytest.mark.parametrize("serial", ["BWC00017", "7-1", "1234567890A", "01", "100234", "执法7"])
def test_a_serial_of_its_own_is_an_identity(serial):
    assert is_identity(serial)


@pytest.mark.parametrize(
    "serial",
    [
        None,
        "",
        "  ",
        "0",
        "0000000",
        "FFFF",
        "--------",
        "0123456789ABCDEF",
        "0123456789abcdef",
        "0123456789ABCDEF0123456789ABCDEF",
        "1234567890",
        " 123456789 ",
        "Unknown",
        "DEFAULT",
        "serial",
    ],
)
def test_what_whole_batches_share_is_none(serial):
    assert not is_identity(serial)
