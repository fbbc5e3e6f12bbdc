import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web.local_address import local_address, path_of, sign_in_address


@pytest.mark.parametrize("address", ["/", "/clips", "/clips?text=a%20b&state=sealed", "/cases/1#x"])
def test_a_path_of_this_site_is_kept(address):
    assert local_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "clips",
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "/\t/elsewhere.example",
        "/\n/elsewhere.example",
        " /clips",
        "javascript:alert(1)",
        "/" + "a" * 3000,
    ],
)
def test_anything_else_leads_to_the_start(address):
    assert local_address(address) == "/"


@given(st.text(max_size=40))
def test_an_address_never_leaves_the_site(text):
    kept = local_address(text)

    assert kept.startswith("/")
    assert not kept.startswith("//")
    assert "\\" not in kept


def test_the_sign_in_page_remembers_what_was_wanted():
    assert sign_in_address("/clips?text=a&b=c") == "/sign-in?next=%2Fclips%3Ftext%3Da%26b%3Dc"
    assert sign_in_address("//elsewhere.example") == "/sign-in"
    assert path_of("http://127.0.0.1:8000/clips?text=a") == "/clips?text=a"
