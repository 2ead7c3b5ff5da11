"""What the server speaks: each module reads a request as a chat completion's, and writes a completion as its own.

`chat(body, model)`, `answer(completion, number)`, `stream(body, answer)` (the bytes, event by event), `error(...)`.
Written for the tests alone, from the providers' documentation: nothing of evalgate's own translation is in here.
"""

from tests.fake_model.protocols import anthropic, bedrock, completions, gemini, responses

__all__ = ["anthropic", "bedrock", "completions", "gemini", "responses"]
