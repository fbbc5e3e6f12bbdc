"""Every fuzzed parser by its name. A parser of bytes that come from outside is added here when it is written."""

from tests.fuzz import disk_volumes, dock_and_service, imports, proofs, recorder_protocols, usb_transfers

TARGETS = {
    target.name: target
    for module in (recorder_protocols, usb_transfers, disk_volumes, dock_and_service, imports, proofs)
    for target in module.TARGETS
}
"""What runs on every commit, and longer by ``make fuzz``."""
LONG_TARGETS = TARGETS | {target.name: target for target in disk_volumes.CONFINED_TARGETS}
"""What ``make fuzz`` runs."""
