"""Put the verifier's page together: one HTML file with everything in it, for the service to serve and for packages to carry.

Sources lie in `api/web/verify_page/source/`; two libraries come from npm as `package-lock.json` pins them. The page's policy names the digests of its
scripts and its style, so that a browser runs these and nothing else, and forbids it any connection.
"""

import base64
import hashlib
import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "api" / "web" / "verify_page" / "source"
MODULES = ROOT / "node_modules"
TARGET = ROOT / "service" / "documents" / "verify.html"
ENTRY = "main.js"
DIGEST_BUILDS = ("sha256", "sha512", "sm3")
LANGUAGES = ("zh-CN", "zh-TW", "en")

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z0-9_]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)
_NAME = re.compile(r"^(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)
_LIBRARY_EXPORT = re.compile(r"^export \{([^}]*)\};\n?", re.MULTILINE)


def main() -> int:
    """Write the page."""
    TARGET.write_bytes(build_page())
    return 0


def build_page() -> bytes:
    """Put the page together; the same sources give the same bytes."""
    style = (SOURCE / "page.css").read_text(encoding="utf-8")
    scripts = [library_script(), actions_script(), page_script()]
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(source_digest(script) for script in scripts)} 'wasm-unsafe-eval'",
            f"style-src {source_digest(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
    page = (SOURCE / "page.html").read_text(encoding="utf-8")
    parts = {"POLICY": policy, "STYLE": style, "SCRIPTS": "\n".join(f"<script>{script}</script>" for script in scripts)}
    return re.sub(r"@@([A-Z]+)@@", lambda match: parts[match[1]], page).encode()


def source_digest(text: str) -> str:
    """Name an inline script or style in a policy (CSP level 3, section 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def library_script() -> str:
    """The libraries with their licences, as globals `hashwasm` and `ed25519`."""
    hash_wasm, noble = MODULES / "hash-wasm", MODULES / "@noble" / "ed25519"
    builds = [(hash_wasm / "dist" / f"{name}.umd.min.js").read_text(encoding="utf-8") for name in DIGEST_BUILDS]
    curve = (noble / "index.js").read_text(encoding="utf-8")
    names = _LIBRARY_EXPORT.search(curve)
    if names is None:
        sys.exit("@noble/ed25519 does not export as expected")
    wrapped = f"globalThis.ed25519 = (() => {{\n{_LIBRARY_EXPORT.sub('', curve)}\nreturn {{{names[1]}}};\n}})();"
    return "\n".join([comment(licence_of(hash_wasm)), *builds, comment(licence_of(noble)), wrapped])


def licence_of(package: Path) -> str:
    """Name, version and licence text of an npm package."""
    facts = json.loads((package / "package.json").read_text(encoding="utf-8"))
    return f"{facts['name']} {facts['version']}\n\n{(package / 'LICENSE').read_text(encoding='utf-8').strip()}"


def comment(text: str) -> str:
    """Text as a comment of JavaScript."""
    return "/*!\n" + text.replace("*/", "* /") + "\n*/"


def actions_script() -> str:
    """What custody events are called, from the service's texts."""
    catalogues = {language: tomllib.loads((ROOT / "service" / "locale" / f"{language}.toml").read_text(encoding="utf-8")) for language in LANGUAGES}
    actions = {language: catalogue["custody"]["action"] for language, catalogue in catalogues.items()}
    spelled = json.dumps(actions, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    return f"globalThis.custodyActions = {spelled};"


def page_script() -> str:
    """The page's own modules in one scope, each after those it imports."""
    ordered: list[str] = []
    visit(ENTRY, ordered, ())
    bodies = [(SOURCE / name).read_text(encoding="utf-8") for name in ordered]
    plain = [_EXPORT.sub("", _IMPORT.sub("", body)) for body in bodies]
    names = [name for body in plain for name in _NAME.findall(body)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        sys.exit(f"two modules of the page use one name: {', '.join(repeated)}")
    script = "\n".join(f"// {name}\n{body}" for name, body in zip(ordered, plain, strict=True))
    if re.search(r"^(?:import|export)\b", script, re.MULTILINE) or "</script" in script.lower() or "<!--" in script:
        sys.exit("a module of the page is written in a way that cannot be put inline")
    return f'(() => {{\n"use strict";\n{script}\n}})();'


def visit(name: str, ordered: list[str], above: tuple[str, ...]) -> None:
    """Append a module after everything it imports."""
    if name in above:
        sys.exit(f"modules import each other: {' > '.join((*above, name))}")
    for imported in _IMPORT.findall((SOURCE / name).read_text(encoding="utf-8")):
        visit(imported, ordered, (*above, name))
    if name not in ordered:
        ordered.append(name)


if __name__ == "__main__":
    sys.exit(main())
