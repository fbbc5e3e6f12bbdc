"""What lies beside the evidence so that a stranger can check it: instructions in three languages, and both verifiers."""

import importlib
from importlib.resources import files

_LANGUAGES = ("zh-CN", "zh-TW", "en")


def accompanying_files() -> dict[str, bytes]:
    """The instructions and the verifiers, by their path in a package."""
    texts = files("service.documents").joinpath("templates")
    found = {f"README.{language}.txt": texts.joinpath(f"README.{language}.txt").read_bytes() for language in _LANGUAGES}
    for path, module, name in (
        ("verify.py", "integrity.verify.single_file", "single_file_source"),
        ("verify.html", "service.documents.verify_page", "verify_page"),
    ):
        try:
            made = getattr(importlib.import_module(module), name)()
        except ModuleNotFoundError:
            continue
        found[path] = made.encode() if isinstance(made, str) else made
    return found
