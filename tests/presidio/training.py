"""`python training.py FOLDER`: train a small model of spaCy that knows names of people, also small ones, and write it.

It is for tests: it has seen 2,400 short English texts with names of Faker in them, and nothing else. A model
that somebody would use has seen millions of words.
"""

from __future__ import annotations

import random
import sys

import spacy
from faker import Faker
from spacy.training import Example
from spacy.util import fix_random_seed, minibatch

SEED, TEXTS, ROUNDS = 8, 2400, 6
LANGUAGES = ("en_US", "en_GB", "en_IN", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "tr_TR", "sv_SE", "pt_BR")
WITH = (
    "later {n} wrote that it was late",
    "{n} has the receipt",
    "we told {n} again",
    "{n} said so",
    "hello, {n} here",
    "the one who paid was {n}",
    "my friend {n} wants soup",
    "{n}",
    "did {n} call back?",
    "please send it to {n}",
    "we met {n} yesterday and it rained",
    "{n} ordered two of them",
    "thanks to {n} it works",
    "ask {n}, and {n} will say the same",
    "is {n} with you?",
    "was it {n} or somebody else?",
    "{n} and {n} share a kitchen",
    "between us, {n} forgot it",
    "{who} {did} {n} {when}",
    "{n} {did} {who} {when}",
    "{n} {did} it",
    "{who} {did} {n} about the {thing}",
)
WITHOUT = (
    "where is my {thing}",
    "how long does {food} take",
    "can i swap {food} for {food}",
    "The oven is at {d} degrees",
    "is {food} vegan",
    "Version {d}.{d} crashed today at {d}:{d}",
    "what goes with {food}",
    "a recipe for {Dish}, please",
    "call me after {d}",
    "who knows about the {thing}",
    "Wait at the desk until {d}",
    "my {thing} is late again",
    "{Dish} with {Dish} for {d} people",
    "Does {Dish} keep?",
    "See the page of {Dish}",
    "So.",
    "Here you are.",
    "You are the assistant of a shop. Be brief.",
    "{thing} {d}-{d} was closed",
    "it broke and it was my fault",
    "Thanks!",
    "Yes, that works.",
    "Use {d} g of {food}",
    "the {thing} says {d}",
    "Do you deliver to {Town}?",
    "I live near {Town}",
    "{words}",
    "{words}, {words}",
    "{Dish} {words}",
    "{firm} says {words}",
    "Compare {Dish} with {firm}",
    "{who} {did} it {when}",
    "Please {did} the {thing} {when}",
    "Is {Dish} with {Dish} vegetarian?",
    "Can I have {Dish} in place of {Dish}",
)
FOOD = ("leeks", "rice", "fish", "onions", "soup", "bread", "tofu", "lentils", "cream", "butter", "plums", "tea")
WHO = ("i", "we", "they", "she", "he", "you", "somebody", "I", "We", "my boss")
DID = ("saw", "met", "phoned", "warned", "thanked", "paid", "reminded", "helped", "blamed", "called", "hears", "trusts")
WHEN = ("again", "today", "last week", "before noon", "too late", "for nothing", "first", "three times")
THINGS = ("order", "parcel", "box", "invoice", "ticket", "password", "refund", "voucher", "basket", "account", "server")


def name(chance: random.Random, fakers: list[Faker]) -> str:
    """Return a name: a given one or a full one, one in two written small."""
    faker = chance.choice(fakers)
    given = faker.first_name()
    whole = given if chance.random() < 0.35 else f"{given} {faker.last_name()}"
    return whole.lower() if chance.random() < 0.5 else whole


def text(chance: random.Random, fakers: list[Faker]) -> tuple[str, list[tuple[int, int, str]]]:
    """Return a text of one to three sentences, and where the names stand in it."""
    whole, places = "", []
    english = fakers[0]
    for _ in range(chance.choice((1, 1, 2, 3))):
        for number, part in enumerate(chance.choice(WITH if chance.random() < 0.5 else WITHOUT).split("{n}")):
            if number:
                said = name(chance, fakers)
                places.append((len(whole), len(whole) + len(said), "PERSON"))
                whole += said
            whole += part.format(
                d=chance.randint(1, 300),
                food=chance.choice(FOOD),
                Dish=" ".join(english.words(chance.randint(1, 3))).title(),
                thing=chance.choice(THINGS),
                Town=english.city(),
                words=english.sentence(chance.randint(2, 9)).rstrip("."),
                who=chance.choice(WHO),
                did=chance.choice(DID),
                when=chance.choice(WHEN),
                firm=english.company(),
            )
        whole += chance.choice((". ", " ", "? ", "\n"))
    return whole, places


def main() -> None:
    """Train and write it."""
    fix_random_seed(SEED)
    chance = random.Random(SEED)
    fakers = [Faker(language) for language in LANGUAGES]
    for faker in fakers:
        faker.seed_instance(SEED)
    nlp = spacy.blank("en")
    nlp.add_pipe("ner").add_label("PERSON")
    made = [text(chance, fakers) for _ in range(TEXTS)]
    examples = [Example.from_dict(nlp.make_doc(said), {"entities": places}) for said, places in made]
    optimizer = nlp.initialize(lambda: examples[:200])
    for _ in range(ROUNDS):
        chance.shuffle(examples)
        for batch in minibatch(examples, 64):
            nlp.update(batch, sgd=optimizer, drop=0.2)
    nlp.to_disk(sys.argv[1])


if __name__ == "__main__":
    main()
