"""Handing evidence over so that the other side can check it alone (docs/formats/evidence-package.md).

``make_package`` enters the handing-over in every chain, ``seal_package`` has it time-stamped and makes what goes along, ``open_package`` gives the
bytes, the same every time, and ``list_packages`` says what was handed to whom.
"""
