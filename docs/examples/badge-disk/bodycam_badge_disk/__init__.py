"""An example: disks whose recorder writes its number into ``BADGE.CFG``; ``FAMILY`` is what the entry point names."""

from bodycam_badge_disk.driver import FAMILY

__all__ = ["FAMILY"]
