"""The PostgreSQL and SeaweedFS that come with the service, for an installation on one machine.

Each module knows how its server is prepared, its command line, its ports, when it is ready and how it is told to stop.
Nothing restarts here: whoever starts a :class:`~evidence_store.embedded.program.Program` watches it.
"""
