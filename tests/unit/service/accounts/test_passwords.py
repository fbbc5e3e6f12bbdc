from argon2 import extract_parameters

from service.accounts.passwords import hash_password, is_password


def test_a_password_is_known_again_and_another_is_not():
    hashed = hash_password("correct horse battery")

    assert is_password("correct horse battery", hashed)
    assert not is_password("correct horse batterY", hashed)


def test_a_hash_costs_what_the_rfc_recommends():
    parameters = extract_parameters(hash_password("correct horse battery"))

    assert (parameters.memory_cost, parameters.time_cost, parameters.type.name) == (65536, 3, "ID")


def test_an_account_that_does_not_exist_has_no_right_password():
    assert not is_password("nobody has this password", None)
