"""A server that speaks the OpenAI protocol on loopback, answers the same to the same, counts calls and fails on demand.

In a test: `async with FakeModel() as fake:` or the fixture `fake_model`. For programs: `python -m tests.fake_model`.
"""

from tests.fake_model.rules import FAULTS, Rule, Throttle
from tests.fake_model.server import FakeModel

__all__ = ["FAULTS", "FakeModel", "Rule", "Throttle"]
