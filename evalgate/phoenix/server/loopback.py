"""Run by the server's own interpreter, as a file: Phoenix, with its gRPC port on loopback, too.

Phoenix binds that port to every address of the machine, whatever PHOENIX_HOST says, and there whoever is on the network
could write traces.
"""

from __future__ import annotations

import runpy
from typing import Any

import grpc.aio  # type: ignore[import-untyped]

_make = grpc.aio.server


def _here(*arguments: Any, **options: Any) -> Any:
    made = _make(*arguments, **options)
    bind = made.add_insecure_port
    made.add_insecure_port = lambda address: bind(address.replace("[::]:", "127.0.0.1:"))
    return made


if __name__ == "__main__":
    grpc.aio.server = _here
    runpy.run_module("phoenix.server.main", run_name="__main__", alter_sys=True)
