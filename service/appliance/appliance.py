"""The order in which one machine's parts start, and what each needs of the others."""

import sys
from collections.abc import Callable
from pathlib import Path

from evidence_store.embedded.program import Program
from service.appliance.children import ChildPlan, Children, StopPhase
from service.appliance.configuration import BUCKET, Configuration
from service.appliance.demo import start_demo
from service.appliance.first_start import hand_over_credentials, migrate
from service.appliance.listening import Address, Listening
from service.appliance.readiness import ReadinessProbe

_SERVER_WITHIN_S = 90.0
_READY_WITHIN_S = 120.0
_DOCK_STOP_WITHIN_S = 4.0
_SERVICE_STOP_WITHIN_S = 7.0
"""With the servers' own 18 s, everything has stopped within 30 s."""


def start_servers(children: Children, configuration: Configuration, report: Callable[[str], None]) -> None:
    """Start PostgreSQL and SeaweedFS, and bring the tables to this release while the second is still starting.

    Raises:
        ApplianceError: One did not become ready, or the migration failed.
        StoreError: One cannot be prepared.
    """
    environment = configuration.base_environment()
    report("starting PostgreSQL and SeaweedFS")
    children.start(ChildPlan(lambda: configuration.postgresql.program(environment), StopPhase.SERVER))
    children.start(ChildPlan(lambda: configuration.seaweedfs.program(environment), StopPhase.SERVER))
    children.wait_until(configuration.postgresql.is_ready, "PostgreSQL", within_s=_SERVER_WITHIN_S)
    configuration.postgresql.provision()
    report("bringing the tables to this release")
    migrate(children, configuration)
    children.wait_until(configuration.seaweedfs.is_ready, "SeaweedFS", within_s=_SERVER_WITHIN_S)
    configuration.seaweedfs.provision(BUCKET)


def start_service(children: Children, configuration: Configuration, report: Callable[[str], None]) -> str:
    """Make the first people and the dock where they are missing, then start API and worker, and wait until they are ready.

    Returns:
        The custody log's verifier key.

    Raises:
        ApplianceError: A step failed or the service did not become ready.
    """
    log_key = hand_over_credentials(children, configuration)
    report("starting the service and its worker")
    environment = configuration.service_environment()
    serve_arguments = _serve_arguments(configuration.listening)
    for name, arguments in (("serve", serve_arguments), ("worker", ())):
        children.start(ChildPlan(_plan(configuration, name, arguments, environment), StopPhase.SERVICE))
    if configuration.listening.store_door is not None:
        door = configuration.listening.store_door
        children.start(ChildPlan(lambda: _store_door(configuration, door), StopPhase.DOCK))
    probe = ReadinessProbe.of(configuration.listening)
    children.wait_until(probe.is_ready, "the service", within_s=_READY_WITHIN_S)
    return log_key


def start_dock(children: Children, configuration: Configuration) -> None:
    """Start the dock of this machine, or the simulated dockings of a demonstration."""
    if configuration.is_demo:
        start_demo(children, configuration)
        return
    environment = configuration.dock_environment()
    children.start(ChildPlan(lambda: configuration.command("dock", environment=environment, stop_within_s=_DOCK_STOP_WITHIN_S), StopPhase.DOCK))


def _plan(configuration: Configuration, name: str, arguments: tuple[str, ...], environment: dict[str, str]) -> Callable[[], Program]:
    return lambda: configuration.command(name, *arguments, environment=environment, stop_within_s=_SERVICE_STOP_WITHIN_S)


def _serve_arguments(listening: Listening) -> tuple[str, ...]:
    arguments = ("--host", listening.pages.host, "--port", str(listening.pages.port))
    if listening.tls is None:
        return arguments
    return (*arguments, *_tls_arguments(listening.tls.certificate, listening.tls.key))


def _store_door(configuration: Configuration, door: Address) -> Program:
    tls = configuration.listening.tls
    assert tls is not None  # noqa: S101 - decide_listening opens no door without TLS
    return Program(
        name="store-door",
        arguments=(
            *(sys.executable, "-P", "-m", "service.appliance.store_door"),
            *("--listen", str(door), "--to", configuration.seaweedfs.endpoint, *_tls_arguments(tls.certificate, tls.key)),
        ),
        environment=configuration.base_environment(),
        directory=configuration.directory.root,
        stop_within_s=_DOCK_STOP_WITHIN_S,
    )


def _tls_arguments(certificate: Path, key: Path) -> tuple[str, ...]:
    return ("--tls-certificate", str(certificate), "--tls-key", str(key))
