"""Footage that waits in the dock while the service or the way to it is away: encrypted, digested once, forwarded later.

``chunks`` is the format of one file, ``store`` the folder with its limit, ``pull`` takes a recorder's files in, ``recorder`` gives them out again
as if the recorder were still there, and ``forward`` brings them to the service. Format: docs/formats/spool.md.
"""
