"""FAT and exFAT through The Sleuth Kit in a child process: ``FileSystem(disk)`` lists files and opens them, and never writes.

Parsers of file systems are attack surface, so they run in ``program``, which can reach nothing but two pipes; ``child`` starts and watches it.
Layout, names, directories and chains are pure modules. The bytes of a file are read by the dock itself, along stretches checked against the disk.
"""

from device_drivers.transports.filesystem_child.answers import VolumeFacts
from device_drivers.transports.filesystem_child.file_content import FileContent
from device_drivers.transports.filesystem_child.file_system import FileSystem

__all__ = ["FileContent", "FileSystem", "VolumeFacts"]
