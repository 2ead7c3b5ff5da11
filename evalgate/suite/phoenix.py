"""Where Phoenix is, and what goes there: `phoenix:` of the config."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, PositiveFloat

from evalgate.suite.addresses import for_services
from evalgate.suite.model import ConfigModel

ENDPOINT: Final = "PHOENIX_ENDPOINT"
API_KEY: Final = "PHOENIX_API_KEY"

Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"), AfterValidator(for_services)]
"""The name of an environment variable."""
ServerName = Annotated[str, Field(pattern=r"^[\w.-]+$")]


class PhoenixServer(ConfigModel):
    """One server. Its address and its key are in environment variables: a pull request can name no other address."""

    endpoint_env: Variable = ENDPOINT
    """The variable that holds its address, as https://host or https://host/s/space."""
    api_key_env: Variable = API_KEY
    """The variable that holds the key; the key itself is never written down."""
    ca_file: str | None = None
    """Certificates to trust instead of the system's, a PEM file: for a server with a certificate of your own."""
    timeout: PositiveFloat = 60.0
    """Seconds for one call."""


class PhoenixSettings(PhoenixServer):
    """Phoenix as the system of record: what is measured is mirrored there, and datasets and prompts may come from it.

    `endpoint_env`, `api_key_env`, `ca_file` and `timeout` say where the server is that nobody names.
    """

    publish: bool = True
    """Mirror every build as experiments."""
    required: bool = False
    """A build whose mirror failed is UNMEASURABLE. Without it, `evalgate phoenix sync` makes up for it."""
    content: Literal["full", "hashed"] = "full"
    """`hashed`: questions, answers, explanations and logs stay here, and Phoenix has their hash and length. Such an
    experiment is no baseline."""
    dataset: str = Field(default="{suite} (evalgate)", pattern=r"\{suite\}")
    """What the dataset is called that mirrors a suite's file. `{suite}` is the suite's name."""
    servers: dict[ServerName, PhoenixServer] = Field(default_factory=dict)
    """More servers, by a name that `server:` of a dataset or a prompt says."""

    def server(self, name: str | None = None) -> PhoenixServer | None:
        """Return a server by its name, the one without a name for None; None where there is none of that name."""
        return self if name is None else self.servers.get(name)
