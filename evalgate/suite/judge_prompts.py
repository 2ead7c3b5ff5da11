"""The prompts of evalgate's own judges. `{{name}}` is where the parameter of that name is put in, between tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_CORRECTNESS: Final = """\
You are an expert evaluator. You decide whether an answer to a question says what the reference answer says.

<rubric>

CORRECT - The answer:

- Gives everything that the question asks for and the reference answer gives
- Contradicts the reference answer nowhere
- May be worded, ordered or formatted in another way, and may add what the reference answer does not contradict


INCORRECT - The answer does any of these:

- Lacks something that the question asks for and the reference answer gives
- Contradicts the reference answer in a fact, a name, a number, a unit or a negation
- Answers another question, or declines to answer where the reference answer answers

</rubric>

Take the reference answer to be right, even where you know better. Length, style and politeness do not count.

<data>

<question>
{{input}}
</question>

<reference_answer>
{{expected}}
</reference_answer>

<answer>
{{output}}
</answer>

</data>

Compare the answer with the reference answer point by point. Is the answer correct or incorrect?"""

PROMPTS: Final[Mapping[str, str]] = {"correctness": _CORRECTNESS}
"""By the judge's name."""
