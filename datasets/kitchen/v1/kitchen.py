"""Version 1: terse, and it does not know everything."""

import re

SUBSTITUTES = {
    "buttermilk": "milk with lemon juice",
    "brown sugar": "white sugar with molasses",
    "self-raising flour": "flour with baking powder",
    "sour cream": "plain yoghurt",
}
KEEPS = {
    "cooked rice": 3,
    "raw chicken": 2,
    "hard-boiled eggs": 7,
    "opened milk": 5,
}


def answer(input):  # noqa: A002 - the parameter's name is how a task says what it takes
    """Answer one question about cooking."""
    question = input["question"].lower()
    if found := re.search(r"(\d+) cups?", question):
        return {"answer": f"{int(found[1]) * 240} ml."}
    if found := re.search(r"(\d+) degrees fahrenheit", question):
        return {"answer": f"{round((int(found[1]) - 32) * 5 / 9)} degrees Celsius."}
    for name, other in SUBSTITUTES.items():
        if name in question:
            return {"answer": f"Use {other}."}
    for name, days in KEEPS.items():
        if name in question:
            return {"answer": f"{days} days."}
    return {"answer": "I do not know."}
