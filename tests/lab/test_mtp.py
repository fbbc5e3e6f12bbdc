import json
import shutil

import pytest

from tests.lab.runner import names

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def run(footage, image, run_checks, tmp_path_factory):
    lab = tmp_path_factory.mktemp("mtp")
    shutil.copytree(footage, lab / "footage")
    (lab / "places.json").write_text(json.dumps({"footage": str(lab / "footage"), "umtprd": str(image.umtprd)}))
    return run_checks("mtp", lab, has_gadget=True)


@pytest.mark.parametrize("check", names("mtp"))
def test_responders_nobody_here_wrote(run, check):
    run.require(check)
