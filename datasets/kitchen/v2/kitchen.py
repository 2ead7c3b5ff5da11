"""Version 2: friendlier, and it knows more. Its temperatures are worked out in the head."""

import re

SUBSTITUTES = {
    "buttermilk": "milk with lemon juice",
    "brown sugar": "white sugar with molasses",
    "self-raising flour": "flour with baking powder",
    "sour cream": "plain yoghurt",
    "butter": "oil",
    "an egg": "mashed banana",
    "breadcrumbs": "crushed crackers",
    "corn starch": "potato starch",
}
KEEPS = {
    "cooked rice": 3,
    "raw chicken": 2,
    "hard-boiled eggs": 7,
    "opened milk": 5,
    "cooked beans": 4,
    "fresh fish": 1,
    "tomato sauce": 6,
    "cold cuts": 4,
}


def answer(input):  # noqa: A002 - the parameter's name is how a task says what it takes
    """Answer one question about cooking."""
    question = input["question"].lower()
    if found := re.search(r"(\d+) cups?", question):
        return {"answer": f"That comes to {int(found[1]) * 240} ml, so you can weigh it out easily."}
    if found := re.search(r"(\d+) degrees fahrenheit", question):
        return {"answer": f"Set your oven to {(int(found[1]) - 30) // 2} degrees Celsius and you are ready to bake."}
    for name, other in SUBSTITUTES.items():
        if name in question:
            return {"answer": f"You can use {other} in its place; nobody will notice it."}
    for name, days in KEEPS.items():
        if name in question:
            return {"answer": f"In the fridge it keeps for {days} days, if you cover it well."}
    return {"answer": "Sorry, I do not know that one yet."}
