"""Where a Phoenix server is and with which key: the config's servers, resolved against the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from evalgate.errors import ConfigurationError
from evalgate.suite.addresses import wrong_with
from evalgate.suite.phoenix import API_KEY, PhoenixServer, PhoenixSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """One server, ready to be asked. `base_url` has no slash at its end; the key never shows in a repr.

    `name` is what the config calls it, None for the server that nobody names. `api_key_env` is the variable that the
    key is in. `timeout` is in seconds for one call.
    """

    name: str | None
    base_url: str
    api_key: str | None = field(default=None, repr=False)
    api_key_env: str = API_KEY
    ca_file: Path | None = None
    timeout: float = 60.0

    @property
    def shown(self) -> str:
        """Return what people know it by: its address holds no secret."""
        return f"Phoenix at {self.base_url}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine, where `evalgate phoenix up` starts one."""
        return urlsplit(self.base_url).hostname in {"127.0.0.1", "localhost", "::1"}

    def page(self, *parts: str, **query: str | tuple[str, ...]) -> str:
        """Return the address of a page of its UI, everything in it quoted but the `=` at the end of an id."""
        path = "/".join(quote(part, safe="=") for part in parts)
        pairs = [(key, one) for key, given in query.items() for one in ((given,) if isinstance(given, str) else given)]
        asked = "&".join(f"{key}={quote(value, safe='=')}" for key, value in pairs)
        return f"{self.base_url}/{path}" + (f"?{asked}" if asked else "")


def address_in(settings: PhoenixSettings, name: str | None, environ: Mapping[str, str], *, config: Path) -> Address:
    """Return where a server is that the file `config` declares, None for the one that nobody names.

    Raises ConfigurationError where none has that name, and as `address_of` does.
    """
    server = settings.server(name)
    if server is None:
        known = ", ".join(settings.servers)
        raise ConfigurationError(
            f"the server `{name}` is not in `phoenix.servers` of {config}",
            next_step=f"name one of {known}" if known else "add it there, or name none",
        )
    return address_of(name, server, environ, folder=config.absolute().parent)


def address_of(
    name: str | None, server: PhoenixServer, environ: Mapping[str, str], *, folder: Path = Path()
) -> Address:
    """Return where a server is, as the environment says; `folder` is what `ca_file` is relative to.

    Raises ConfigurationError where a variable that is needed is not set, or holds no address. A key is not needed: a
    server on one's own machine takes none.
    """
    which = f"the Phoenix server `{name}`" if name is not None else "Phoenix"
    url = environ.get(server.endpoint_env, "").strip().rstrip("/")
    if not url:
        raise ConfigurationError(
            f"{server.endpoint_env} is not set, and {which} is to be asked",
            next_step=f"export {server.endpoint_env}=https://…, or start a server here: `evalgate phoenix up`",
        )
    wrong = wrong_with(url)
    if wrong is None and (urlsplit(url).query or urlsplit(url).fragment):
        wrong = ("has a query in it", "write it like https://host or https://host/s/space")
    if wrong is not None:
        raise ConfigurationError(f"{server.endpoint_env} {wrong[0]}", next_step=wrong[1])
    key = environ.get(server.api_key_env, "").strip() or None
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise ConfigurationError(
            f"{server.api_key_env} holds what no key can be: a space, or a character that is not ASCII",
            next_step=f"set {server.api_key_env} anew, without quotes and line ends",
        )
    ca_file = folder / server.ca_file if server.ca_file is not None else None
    if ca_file is not None and not ca_file.is_file():
        raise ConfigurationError(
            f"the file {ca_file}, `ca_file` of {which}, does not exist", next_step="name a PEM file"
        )
    return Address(
        name=name,
        base_url=url,
        api_key=key,
        api_key_env=server.api_key_env,
        ca_file=ca_file,
        timeout=server.timeout,
    )
