"""Real Phoenix servers, shared by all tests and workers of a session, and a proxy that makes their answers go wrong.

Every test has the fixtures `phoenix`, `phoenix_auth`, `phoenix_postgres` and `phoenix_prefix`. Each gives a
`PhoenixServer`: `base_url`, `api_key` or None, and `unique("golden")` for names that no other test has. A server is
installed by `evalgate phoenix up`'s own code, started when the first test asks, and ends with the session however that
ends. `phoenix_own` is for a test that kills its server. `async with FaultProxy(phoenix.base_url) as proxy:` stands
between a client and a server.
"""

from tests.phoenix_server.faults import FAULTS, Fault, FaultProxy
from tests.phoenix_server.own import OwnServer
from tests.phoenix_server.session import PhoenixServer

__all__ = ["FAULTS", "Fault", "FaultProxy", "OwnServer", "PhoenixServer"]
