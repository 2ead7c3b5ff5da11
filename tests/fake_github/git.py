"""GitHub's side of `git push`: git's own server over HTTPS under GitHub's name, which takes a token for a password.

Git finds it as it finds hosts behind a company's proxy, and believes it by a certificate of its own.
"""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOSTS = ("github.com", "github.example.com")


@contextmanager
def served(repositories: Path, token: str) -> Iterator[dict[str, str]]:
    """Serve the bare repositories below a folder to whoever has the token; gives the variables with which git asks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_certificate(repositories))
    expected = "Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode()

    class Handler(_Git):
        tls, root, password = context, repositories, expected

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield {
            "GIT_SSL_CAINFO": str(repositories / "ca.pem"),
            "GIT_TERMINAL_PROMPT": "0",
            # For git alone: nothing else of the caller's goes through it.
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.proxy",
            "GIT_CONFIG_VALUE_0": f"http://127.0.0.1:{server.server_port}",
        }
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Git(BaseHTTPRequestHandler):
    """A proxy for one host, which is itself; behind it `git http-backend`."""

    tls: ssl.SSLContext
    root: Path
    password: str

    def do_CONNECT(self) -> None:
        """Become the host that was asked for."""
        self.send_response(200)
        self.end_headers()
        with suppress(OSError), self.tls.wrap_socket(self.connection, server_side=True) as inside:
            self.rfile, self.wfile = inside.makefile("rb"), inside.makefile("wb", buffering=0)
            self.close_connection = False
            while not self.close_connection:
                self.handle_one_request()
            self.rfile.close()
        self.close_connection = True

    def do_GET(self) -> None:
        """Answer as git's own server does. Whoever has no token is asked for it."""
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Authorization") != self.password:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="GitHub"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "REMOTE_USER": "x-access-token",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(content)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=content, env=environ, capture_output=True, check=True)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate of GitHub's names, and its key."""
    certificate, key = folder / "ca.pem", folder / "key.pem"
    names = ",".join(f"DNS:{each}" for each in HOSTS)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    more = ["-days", "2", "-subj", "/CN=github", "-addext", f"subjectAltName={names}"]
    subprocess.run([*command, *more, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key
