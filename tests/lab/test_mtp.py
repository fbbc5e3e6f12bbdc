import json

import pytest

from tests.lab.runner import names

pytestmark = [pytest.mark.lab, pytest.mark.timeout(700)]


def boot(lab, image, run_checks):
    (lab / "places.json").write_text(json.dumps({"footage": str(lab / "footage"), "umtprd": str(image.umtprd)}))
    return run_checks("mtp", lab, has_gadget=True)


@pytest.mark.parametrize("check", names("mtp"))
def test_responders_nobody_here_wrote(run, check):
    run.require(check)
