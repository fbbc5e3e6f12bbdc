"""Recorders that speak MTP or PTP; ``FAMILY`` is what the entry point names. See README.md beside this file."""

from device_drivers.families.mtp.family import FAMILY

__all__ = ["FAMILY"]
