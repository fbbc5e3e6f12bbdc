"""Virtual recorders that answer real USB transfers over USB/IP, with faults on demand; for tests, demonstrations and driver work.

``command`` is ``bodycam simulate``. In a program: build a ``Fat32Volume`` from a ``Folder``, put it in a ``MassStorageDevice``, and plug that into a
``UsbipServer``. Shares no code with the drivers it tests.
"""
