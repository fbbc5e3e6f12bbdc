"""The dock program: reads recorders and brings what they hold to the service, which may be 200 km away.

It speaks HTTP (docs/formats/dock-protocol.md), holds a dock credential, and never a database's or the store's password.

Rooms, from the outside in: ``command`` (the program), ``settings``, ``station`` (which recorders are plugged in), ``session`` (one plugging-in),
``listing`` (what a recorder says), ``offload`` (files into parts), ``file_reading``, ``part_buffers``, ``part_upload``, ``service_client`` and
``answers`` (the protocol), ``patience`` (how long to try again), ``progress`` and ``board`` (who is told), ``addresses``, ``errors``.
"""
