#!/usr/bin/env python3
"""The original client: connect, send b"hello,world", read the reply.

Usage: original_client.py PORT [--host HOST] [--in-a-row N] [--at-once N] [--total-at-once N]

First N times in a row, then N at a time until `total-at-once` are done. Prints one line; the exit
status is 0 when not one reply was lost or wrong and no call failed.
"""

import argparse
import asyncio
import socket
import sys
import time

MESSAGE = b"hello,world"
TIMEOUT = 20.0


def once(host, port):
    """One connection; the reply may come in pieces, as TCP likes."""
    with socket.create_connection((host, port), TIMEOUT) as connection:
        connection.sendall(MESSAGE)
        reply = b""
        while len(reply) < len(MESSAGE):
            piece = connection.recv(1024)
            if not piece:
                break
            reply += piece
        return reply


async def once_among_others(host, port):
    reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), TIMEOUT)
    try:
        writer.write(MESSAGE)
        return await asyncio.wait_for(reader.readexactly(len(MESSAGE)), TIMEOUT)
    except asyncio.IncompleteReadError as error:
        return error.partial
    finally:
        writer.close()
        await writer.wait_closed()


class Tally:
    """What came of the connections."""

    def __init__(self):
        self.right = self.lost = self.errors = 0
        self.first_error = ""

    def reply(self, reply):
        if reply == MESSAGE:
            self.right += 1
        else:
            self.lost += 1
            self.first_error = self.first_error or f"the reply was {reply!r}"

    def error(self, error):
        self.errors += 1
        self.first_error = self.first_error or f"{type(error).__name__}: {error}"


def in_a_row(arguments, tally):
    for _ in range(arguments.in_a_row):
        try:
            tally.reply(once(arguments.host, arguments.port))
        except OSError as error:
            tally.error(error)


async def at_once(arguments, tally):
    left = arguments.total_at_once
    while left > 0:
        batch = min(left, arguments.at_once)
        left -= batch
        results = await asyncio.gather(
            *(once_among_others(arguments.host, arguments.port) for _ in range(batch)),
            return_exceptions=True)
        for result in results:
            if isinstance(result, (OSError, asyncio.TimeoutError)):
                tally.error(result)
            elif isinstance(result, BaseException):
                raise result
            else:
                tally.reply(result)


def main():
    parser = argparse.ArgumentParser(description="Sends hello,world and reads the reply.")
    parser.add_argument("port", type=int)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--in-a-row", type=int, default=10000, metavar="N")
    parser.add_argument("--at-once", type=int, default=200, metavar="N")
    parser.add_argument("--total-at-once", type=int, default=10000, metavar="N")
    arguments = parser.parse_args()

    tally = Tally()
    start = time.monotonic()
    in_a_row(arguments, tally)
    asyncio.run(at_once(arguments, tally))
    print(f"{arguments.in_a_row} in a row, {arguments.total_at_once} by {arguments.at_once} at "
          f"once: {tally.right} right, {tally.lost} lost, {tally.errors} errors, "
          f"{time.monotonic() - start:.1f} s"
          + (f"; first: {tally.first_error}" if tally.first_error else ""))
    return 0 if tally.lost == 0 and tally.errors == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
