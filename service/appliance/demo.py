"""The demonstration's own child: instead of a dock that watches USB, simulated recorders are docked."""

from service.appliance.children import ChildPlan, Children, StopPhase
from service.appliance.configuration import Configuration

_STOP_WITHIN_S = 4.0


def start_demo(children: Children, configuration: Configuration) -> None:
    """Start the demonstration's dockings; they go on after the service is ready, and end by themselves.

    The child opens cases as the reviewer, so it gets the service's settings; the docks it starts get their credential and nothing else.
    """
    environment = {**configuration.service_environment(), **configuration.dock_environment()}
    data = str(configuration.directory.root)
    children.start(
        ChildPlan(
            make=lambda: configuration.command("demo", "--data", data, environment=environment, stop_within_s=_STOP_WITHIN_S),
            phase=StopPhase.DOCK,
            may_finish=True,
        )
    )
