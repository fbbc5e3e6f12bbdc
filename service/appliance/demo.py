"""The demonstration's own child: instead of a dock that watches USB, simulated recorders are docked."""

from service.appliance.children import ChildPlan, Children, StopPhase
from service.appliance.configuration import Configuration

_STOP_WITHIN_S = 4.0


def start_demo(children: Children, configuration: Configuration) -> None:
    """Start the demonstration's dockings; they go on after the service is ready, and end by themselves.

    The child gets the dock's credential and nothing of the database or the store, as a dock does.
    """
    environment = configuration.dock_environment()
    children.start(
        ChildPlan(
            make=lambda: configuration.command("demo", environment=environment, stop_within_s=_STOP_WITHIN_S),
            phase=StopPhase.DOCK,
            may_finish=True,
        )
    )
