"""Ways to move bytes between a dock and a recorder: ``disk``, ``usb``, ``usbip``, ``bulk_only_scsi``, ``filesystem_child``.

They know no maker. Everything here reads; no function that writes to a medium exists.
"""
