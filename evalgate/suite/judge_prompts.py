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

_PREFERENCE: Final = """\
You are an expert evaluator. Two answers to one question stand below. You decide which of them serves whoever asked \
better.

<rubric>

- What is asked for counts first: an answer that is right and whole is better than one that is wrong or lacks something
- Of two that are equally right, the clearer one is better
- Length does not count by itself, nor does politeness, nor which of them stands first
- Where neither is better, it is a tie

</rubric>

<data>

<question>
{{input}}
</question>

<answer_a>
{{answer_a}}
</answer_a>

<answer_b>
{{answer_b}}
</answer_b>

</data>

Compare the two point by point. Is answer A the better one, answer B, or is it a tie?"""

PROMPTS: Final[Mapping[str, str]] = {"correctness": _CORRECTNESS, "preference": _PREFERENCE}
"""By the judge's name."""
