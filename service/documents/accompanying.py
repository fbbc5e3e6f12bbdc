"""What lies beside the evidence so that a stranger can check it: instructions in three languages, and both verifiers."""

from importlib.resources import files

from integrity.verify.single_file import single_file_source
from service.documents.verify_page import verify_page

_LANGUAGES = ("zh-CN", "zh-TW", "en")


def accompanying_files() -> dict[str, bytes]:
    """The instructions and the verifiers, by their path in a package."""
    texts = files("service.documents").joinpath("templates")
    instructions = {f"README.{language}.txt": texts.joinpath(f"README.{language}.txt").read_bytes() for language in _LANGUAGES}
    return {**instructions, "verify.py": single_file_source().encode(), "verify.html": verify_page()}
