"""The driver kit, ``bodycam drivers``: which families are installed, what is plugged in, whether a driver keeps its promises, udev rules.

Nothing here writes to a recorder but ``conformance --write``. See docs/drivers.md.
"""
