"""What can go wrong between a dock and a recorder."""


class RecorderError(Exception):
    """A recorder, its file system or the way to it failed."""
