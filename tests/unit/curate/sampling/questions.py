"""Questions of a shop in a few topics, each said in many ways: what tests of sampling and drift choose from."""

from __future__ import annotations

import random

from evalgate.curate.candidates import Candidate, State

TOPICS = {
    "refund": "refund money|want my money back|return and refund|charged twice, refund me|refund to my card",
    "delivery": "parcel is late|where is my parcel|delivery did not come|courier lost the parcel|delivery date",
    "login": "cannot log in|password reset|my password is wrong|account locked, password|log in to my account",
    "recipe": "recipe with rice|cook for dinner|how long to cook|recipe for the oven|cook a vegan recipe",
    "allergy": "contains gluten|allergy to nuts|gluten free|nuts and milk allergy|allergens, nuts",
    "invoice": "send the invoice|invoice with tax number|wrong address on the invoice|tax invoice|download invoice",
}
THINGS = "tomatoes|a lamp|the chair|soup|red shoes|bread|pasta|this table|a phone|two books|a jacket|the kettle"
OPENINGS = "|hi,|hello,|please:|hey there,|urgent!|dear team,|quick one:"
ENDINGS = "|thanks|please help|what now|since Monday|asap|for my mother|can you check"


def question(rng: random.Random, topic: str) -> str:
    """Return a question of a topic."""
    parts = (rng.choice(each.split("|")) for each in (OPENINGS, TOPICS[topic], THINGS, ENDINGS))
    return " ".join(filter(None, parts))


def questions(rng: random.Random, shares: dict[str, float], count: int) -> list[str]:
    """Return questions, each of a topic that is drawn by its share."""
    drawn = rng.choices(list(shares), list(shares.values()), k=count)
    return [question(rng, topic) for topic in drawn]


def user(text: str) -> dict:
    return {"messages": [{"role": "system", "content": "You help."}, {"role": "user", "content": text}]}


def candidate(number: int, text: str, *, state: str = "new", **more) -> Candidate:
    """Return a candidate that asks something."""
    source = {"trace": f"{number:032x}", **more.pop("source", {})}
    return Candidate(id=f"span:{number:016x}", input=user(text), state=State(state), source=source, **more)
