"""PTP and MTP over USB: ``open_session(device)`` makes a ``Session``, and ``operations`` carries out with it what a family needs.

``codes``, ``containers``, ``fields``, ``datasets`` and ``date_times`` are pure. ``link`` knows the endpoints, ``data_phase`` how data end,
``session`` the transactions and how to go on when one fails, ``object_stream`` objects that can only be read whole.
"""

from device_drivers.transports.ptp.errors import OperationRefusedError, SessionLostError
from device_drivers.transports.ptp.link import MAX_READ_BYTES, Patience
from device_drivers.transports.ptp.object_stream import ObjectStream
from device_drivers.transports.ptp.session import Session, open_session

__all__ = ["MAX_READ_BYTES", "ObjectStream", "OperationRefusedError", "Patience", "Session", "SessionLostError", "open_session"]
