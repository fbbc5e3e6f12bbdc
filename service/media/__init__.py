"""What media files say about themselves, found out by a confined child process; no database, no store.

``probe`` (the whole of it, for callers), ``report`` (facts as values), ``playback`` (pure: what Chromium plays), ``child`` and ``wire`` (the
service's side), ``confinement`` (the child's side), ``probe_program`` (the child; PyAV and OpenCV are imported there and nowhere else), ``gps``
(tracks, in pure Python, without a child).
"""
