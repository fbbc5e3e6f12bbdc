"""Recorders with JieLi chips: vendor commands over SCSI, then a disk; ``FAMILY`` is what the entry point names. See README.md beside this file."""

from device_drivers.families.jieli.family import FAMILY

__all__ = ["FAMILY"]
