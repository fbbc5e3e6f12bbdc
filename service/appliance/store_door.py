"""The door through which docks on other machines reach the embedded object store: TLS outside, bytes unchanged inside.

SeaweedFS itself stays on loopback, with its inner doors. A presigned URL signs the Host header, and this door passes every byte as it
came, so the public ``host:port`` reaches the gateway as it was signed. Asynchronous, unlike the rest of the service: it copies bytes both
ways at once and decides nothing.
"""

import argparse
import asyncio
import signal
import ssl
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from service.appliance.errors import UnsafeListeningError
from service.appliance.listening import Address, Tls, parse_address

_CHUNK_BYTES = 256 * 1024
_HANDSHAKE_TIMEOUT_S = 15.0
_CONNECT_TIMEOUT_S = 5.0
_IDLE_TIMEOUT_S = 300.0
_FAULTS = (OSError, asyncio.IncompleteReadError, TimeoutError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the door until it is asked to stop.

    Returns:
        0 after a stop that was asked for, 1 when it cannot listen.
    """
    parser = argparse.ArgumentParser(prog="store_door", description="TLS door to an object store on loopback.")
    parser.add_argument("--listen", required=True, metavar="HOST:PORT")
    parser.add_argument("--to", required=True, metavar="HOST:PORT", help="where the store listens")
    parser.add_argument("--tls-certificate", required=True, type=Path, metavar="FILE")
    parser.add_argument("--tls-key", required=True, type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        asyncio.run(serve(parse_address(options.listen), parse_address(options.to), Tls(options.tls_certificate, options.tls_key)))
    except (OSError, UnsafeListeningError) as error:
        sys.stderr.write(f"store door: {error}\n")
        return 1
    return 0


async def serve(listen: Address, store: Address, tls: Tls) -> None:
    """Pass connections on until SIGTERM or SIGINT.

    Raises:
        OSError: The address is taken, or the certificate does not fit its key (ssl.SSLError).
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(tls.certificate, tls.key)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)

    connections: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_answer(reader, writer, store))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_server(accept, listen.host, listen.port, ssl=context, ssl_handshake_timeout=_HANDSHAKE_TIMEOUT_S, limit=_CHUNK_BYTES)
    await stopping.wait()
    server.close()
    open_ones = list(connections)
    for task in open_ones:
        task.cancel()
    await asyncio.gather(*open_ones, return_exceptions=True)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, store: Address) -> None:
    try:
        with suppress(*_FAULTS):
            await _pass_on(reader, writer, store)
    finally:
        await _close(writer)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, store: Address) -> None:
    async with asyncio.timeout(_CONNECT_TIMEOUT_S):
        inner_reader, inner_writer = await asyncio.open_connection(store.host, store.port, limit=_CHUNK_BYTES)
    copies = [asyncio.ensure_future(_copy(reader, inner_writer)), asyncio.ensure_future(_copy(inner_reader, writer))]
    try:
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)  # HTTP clients do not half-close TLS: when one side is done, so is the other
    finally:
        for copy in copies:
            copy.cancel()
        inner_writer.close()  # before anything that a stop could interrupt
        await asyncio.gather(*copies, return_exceptions=True)
        await _close(inner_writer)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(*_FAULTS):
        while True:
            async with asyncio.timeout(_IDLE_TIMEOUT_S):
                chunk = await reader.read(_CHUNK_BYTES)
                if not chunk:
                    return
                writer.write(chunk)
                await writer.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(*_FAULTS):
        await writer.wait_closed()


if __name__ == "__main__":
    raise SystemExit(main())
