"""Virtual recorders that answer real USB transfers over USB/IP, with faults on demand; for tests, demonstrations and driver work.

``command`` is ``bodycam simulate``. In a program: ``recorders.build_recorder`` makes a device out of a ``Folder`` and a plan; plug it into a
``UsbipServer``. Shares no code with the drivers it tests.
"""
