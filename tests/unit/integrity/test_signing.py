import pytest

from integrity.errors import MalformedValueError, SignatureMismatchError
from integrity.signing import Ed25519Signer, verify_ed25519

# RFC 8032, section 7.1, test 2.
SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_the_signer_agrees_with_the_vector_of_the_rfc():
    signer = Ed25519Signer("log", SECRET)

    assert signer.public_key == PUBLIC
    assert signer.sign(b"\x72") == SIGNATURE
    verify_ed25519(PUBLIC, SIGNATURE, message=b"\x72", signer="log")


def test_every_bit_of_a_signature_matters():
    for position in range(len(SIGNATURE) * 8):
        bad = bytearray(SIGNATURE)
        bad[position // 8] ^= 1 << position % 8
        with pytest.raises(SignatureMismatchError):
            verify_ed25519(PUBLIC, bytes(bad), message=b"\x72", signer="log")


def test_a_signature_names_whose_it_should_have_been():
    with pytest.raises(SignatureMismatchError, match="'log'"):
        verify_ed25519(PUBLIC, SIGNATURE, message=b"\x73", signer="log")


def test_a_signature_of_another_length_does_not_verify():
    with pytest.raises(SignatureMismatchError):
        verify_ed25519(PUBLIC, SIGNATURE[:-1], message=b"\x72", signer="log")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_keys_of_another_length_are_refused(size):
    with pytest.raises(MalformedValueError):
        Ed25519Signer("log", b"\x01" * size)
    with pytest.raises(MalformedValueError):
        verify_ed25519(b"\x01" * size, SIGNATURE, message=b"", signer="log")


def test_a_generated_key_can_be_kept_and_used_again():
    signer = Ed25519Signer.generate("log")

    again = Ed25519Signer("log", signer.private_bytes())

    assert again.sign(b"text") == signer.sign(b"text")
    assert again.name == "log"
