"""The verifier as one file: the very modules of this package, side by side as text, with the few lines that load them.

The file needs Python 3.11 and ``cryptography``, nothing of ours and no network. It is the same for the same modules, byte for byte.
"""

from __future__ import annotations

import ast
from importlib.util import find_spec

PROGRAM = "integrity.verify.program"
_ROOT = PROGRAM.partition(".")[0]

_HEAD = '''#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""Checks evidence packages offline: python3 verify.py PACKAGE --log-key KEY

Licence: Apache-2.0. Needs Python 3.11 or newer and the package "cryptography" (42 or newer). Opens no connection, unpacks nothing, writes no file.
The modules of the verifier stand below as they are, each as a text of its own; the last lines load them.
A copy that came with a package proves as little as the package: compare it with one from elsewhere.
"""
import sys

if sys.version_info < (3, 11):
    sys.stderr.write("verify.py needs Python 3.11 or newer; this is %s\\n" % sys.version.split()[0])
    sys.exit(2)
if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # modules lie nowhere beside this file: what lies there came with the package

MODULES = {}
'''

_TAIL = '''
import importlib.abc
import importlib.util
import linecache


class Loader(importlib.abc.InspectLoader, importlib.abc.MetaPathFinder):
    """Finds the modules above, before any of the same name elsewhere."""

    def find_spec(self, name, path=None, target=None):
        if name not in MODULES:
            return None
        return importlib.util.spec_from_loader(name, self, origin="verify.py: " + name)

    def get_source(self, name):
        return MODULES[name]

    def is_package(self, name):
        return any(other.startswith(name + ".") for other in MODULES)

    def exec_module(self, module):
        name = module.__name__
        place = "verify.py: " + name
        linecache.cache[place] = (len(MODULES[name]), None, MODULES[name].splitlines(True), place)
        exec(compile(MODULES[name], place, "exec"), module.__dict__)


if __name__ == "__main__":
    sys.meta_path.insert(0, Loader())
    try:
        import cryptography
    except ImportError:
        sys.stderr.write("verify.py needs the Python package cryptography: pip install cryptography\\n")
        sys.exit(2)
    from integrity.verify.program import main

    sys.exit(main(sys.argv[1:]))
'''


def single_file_source() -> str:
    """The whole of ``verify.py``."""
    sources = _gather(PROGRAM)
    parts = [f"\nMODULES[{name!r}] = {_literal(sources[name])}\n" for name in sorted(sources)]
    return "".join((_HEAD, *parts, _TAIL))


def _gather(program: str) -> dict[str, str]:
    """A program's module, and every module of ours that it needs, with their sources."""
    found: dict[str, str] = {}
    waiting = [program]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _source_of(name)
            waiting += [name.rpartition(".")[0]] if "." in name else []
            waiting += _imported_by(found[name])
    return found


def _source_of(name: str) -> str:
    spec = find_spec(name)
    source = spec.loader.get_source(name) if spec is not None and spec.loader is not None and hasattr(spec.loader, "get_source") else None
    if source is None:
        raise ImportError(f"{name} was installed without its source", name=name)
    return str(source)


def _imported_by(source: str) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names if node.module == _ROOT] or [node.module]
    return [name for name in names if name.partition(".")[0] == _ROOT]


def _literal(source: str) -> str:
    """Spell a module so that people can still read it, where that is possible."""
    is_plain = "'''" not in source and not source.endswith(("'", "\\"))
    return f"r'''{source}'''" if is_plain else repr(source)
