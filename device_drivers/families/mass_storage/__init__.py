"""Recorders that are plain USB disks with FAT or exFAT; ``FAMILY`` is what the entry point names. See README.md beside this file."""

from device_drivers.families.mass_storage.family import FAMILY

__all__ = ["FAMILY"]
