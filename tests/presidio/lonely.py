"""`python lonely.py RECORD -m MODULE ARGUMENT…`, or `-c PROGRAM`: run it where nobody but this machine can be reached.

What is looked up or connected to elsewhere fails loudly, and stands in RECORD, a line each.
"""

from __future__ import annotations

import ipaddress
import os
import runpy
import sys

RECORD, WAY, WHAT = sys.argv[1:4]
LOOKED_UP = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


def hear(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse what leaves this machine."""
    if event in LOOKED_UP:
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "subprocess.Popen":
        host = f"a process: {arguments[1]}"
    else:
        return
    if host is not None and not is_here(host):
        descriptor = os.open(RECORD, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{event} {host}\n".encode())
        os.close(descriptor)
        raise OSError(f"{event} {host}: nobody may be reached from here")


def is_here(host: object) -> bool:
    """Return whether an address is this machine's."""
    try:
        return host == "localhost" or ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


sys.addaudithook(hear)
sys.argv = [WHAT, *sys.argv[4:]]
if WAY == "-m":
    runpy.run_module(WHAT, run_name="__main__", alter_sys=True)
else:
    exec(compile(WHAT, "program", "exec"), {"__name__": "__main__"})
