"""Recorders with Ambarella chips: messages, then a disk; ``FAMILY`` is what the entry point names. See README.md beside this file."""

from device_drivers.families.ambarella.family import FAMILY

__all__ = ["FAMILY"]
