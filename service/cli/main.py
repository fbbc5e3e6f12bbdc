"""`bodycam NAME ...`: find the program of that name, and load that one alone."""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

GROUP = "bodycam.commands"
_USAGE_STATUS = 2
_INTERRUPTED_STATUS = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The command's name and what follows it; the process's own arguments when not given.

    Returns:
        The command's exit status; 2 when there is no such command.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    commands = {entry.name: entry for entry in entry_points(group=GROUP)}
    if not words or words[0] in {"-h", "--help", "help"}:
        sys.stdout.write(_describe(commands))
        return 0 if words else _USAGE_STATUS
    command = commands.get(words[0])
    if command is None:
        sys.stderr.write(f"bodycam: no command {words[0]!r}\n\n{_describe(commands)}")
        return _USAGE_STATUS
    return _run(command, words[1:])


def _run(command: EntryPoint, arguments: list[str]) -> int:
    try:
        return int(command.load()(arguments))
    except KeyboardInterrupt:
        return _INTERRUPTED_STATUS
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains once more when it ends
        return 1


def _describe(commands: dict[str, EntryPoint]) -> str:
    names = "".join(f"  {name}\n" for name in sorted(commands))
    return f"usage: bodycam COMMAND ...\n\ncommands:\n{names}\n`bodycam COMMAND --help` describes one.\n"


if __name__ == "__main__":
    raise SystemExit(main())
