"""Pure: pairing, comparison, rules, verdict, and the words of each. Evidence in, a decision out."""

from evalgate.decision.build import decide, redraws
from evalgate.decision.exit import exit_code
from evalgate.decision.identity import canonical

__all__ = ["canonical", "decide", "exit_code", "redraws"]
