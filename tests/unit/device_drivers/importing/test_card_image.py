import pytest

from device_drivers.errors import ListingIncompleteError
from device_drivers.importing.card_image import CardImageSource
from tests.integration.device_drivers.media import make_fat_image
from tests.unit.device_drivers.importing.test_source import content, listed


@pytest.fixture
def image(tmp_path):
    folder = tmp_path / "files" / "DCIM"
    folder.mkdir(parents=True)
    (folder / "1.MP4").write_bytes(b"inside")
    return make_fat_image(tmp_path / "card.img", tmp_path / "files", size_bytes=64 * 1024**2)


def test_the_image_comes_first_and_whole_then_what_is_on_it(image):
    with CardImageSource(image, import_id="i") as source:
        files, failure = listed(source)

        assert failure is None
        assert [file.path for file in files] == ["card.img", "card.img/DCIM/1.MP4"]
        assert content(source, files[0]) == image.read_bytes()
        assert content(source, files[1]) == b"inside"


def test_an_image_that_cannot_be_understood_comes_all_the_same_and_says_so(tmp_path):
    (tmp_path / "broken.img").write_bytes(bytes(1024**2))
    with CardImageSource(tmp_path / "broken.img", import_id="i") as source:
        files, failure = listed(source)

        assert [file.path for file in files] == ["broken.img"]
        assert isinstance(failure, ListingIncompleteError)
        assert content(source, files[0]) == bytes(1024**2)
