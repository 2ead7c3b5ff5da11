"""The protocols that endpoints speak: each module writes a chat in one of them and reads its answer back.

Whatever the protocol, a chat goes in as OpenAI's chat completions write it, and an answer comes out as a chat
completion: so prompts, judges and what is recorded of them are the same for every provider. Pure: nothing is sent here.
"""

from evalgate.llm.dialects import anthropic, bedrock, completions, gemini, responses
from evalgate.llm.dialects.dialect import Asked, Dialect, Written
from evalgate.suite.config import Api

__all__ = ["DIALECTS", "Asked", "Dialect", "Written"]

DIALECTS: dict[Api, Dialect] = {
    "chat": completions,
    "responses": responses,
    "anthropic": anthropic,
    "gemini": gemini,
    "bedrock": bedrock,
}
