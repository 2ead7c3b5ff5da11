"""People and secrets that are planted in what is asked and answered. None is anybody's: all is drawn by a seed."""

from __future__ import annotations

import base64
import string
from dataclasses import dataclass
from random import Random

SECRET_KINDS = ("openai_key", "aws_key", "github_token", "jwt", "password")


@dataclass(frozen=True, kw_only=True, slots=True)
class Planted:
    """Something that should not stay: its kind, and the text itself."""

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One customer, whose data are the same wherever they are written."""

    name: str
    email: str
    phone: str
    card: str
    iban: str
    address: str
    ip: str

    def told(self, kind: str, language: str) -> tuple[str, tuple[Planted, ...]]:
        """Return a sentence that says something personal, and what of it is."""
        text = getattr(self, kind)
        return _SAID[language][kind].format(text), (Planted(kind=kind, text=text),)


KINDS = ("name", "email", "phone", "card", "iban", "address", "ip")
_SAID = {
    "en": {
        "name": "My name is {}.",
        "email": "Send the shopping list to {} please.",
        "phone": "Or call me at {}.",
        "card": "Charge the ingredients to my card {}.",
        "iban": "The refund goes to {}.",
        "address": "Deliver the groceries to {}.",
        "ip": "Your site blocks my address {}.",
    },
    "de": {
        "name": "Ich heiße {}.",
        "email": "Die Einkaufsliste bitte an {} schicken.",
        "phone": "Telefonisch bin ich unter {} zu erreichen.",
        "card": "Bitte meine Karte {} belasten.",
        "iban": "Die Erstattung geht an {}.",
        "address": "Geliefert wird an {}.",
        "ip": "Die Seite sperrt meine Adresse {}.",
    },
}
_FIRST = (
    *("Maria", "James", "Elena", "Thomas", "Sofia", "Daniel", "Laura", "Robert", "Anna", "Michael", "Julia"),
    *(
        "David",
        "Emma",
        "Peter",
        "Sarah",
        "Martin",
        "Olivia",
        "Stephen",
        "Claire",
        "Andrew",
        "Helen",
        "Patrick",
        "Rachel",
        "Victor",
    ),
)
_LAST = (
    *("Thompson", "Garcia", "Kowalski", "Schneider", "Anderson", "Rossi", "Martinez", "Fischer", "Johnson"),
    *("Nakamura", "Patel", "Wilson", "Moreau", "Lindqvist", "Sullivan", "Ferrari", "Novak", "Henderson"),
    *("Castillo", "Whitfield", "O'Connor", "Brandt", "Delgado", "Ramsey"),
)
_STREETS = ("Maple Street", "Oak Avenue", "Highland Road", "Park Lane", "Cedar Drive", "Sunset Boulevard")
_AREAS = (212, 303, 415, 503, 512, 617, 773)
_TOWNS = ("Springfield, IL 62704", "Portland, OR 97205", "Austin, TX 78701", "Boston, MA 02116", "Denver, CO 80202")


def people(count: int, seed: int) -> list[Person]:
    """Return so many people, no two of one name."""
    rng = Random(f"people:{seed}")
    names = [f"{first} {last}" for first in _FIRST for last in _LAST]
    return [_person(name, rng) for name in rng.sample(names, count)]


def _person(name: str, rng: Random) -> Person:
    first, last = name.split(" ")
    mail = f"{first}.{last.replace(chr(39), '')}".lower()
    number = f"{rng.choice(_AREAS)}-{rng.randint(22, 98)}{rng.randint(2, 9)}-{rng.randint(1000, 9999)}"
    return Person(
        name=name,
        email=f"{mail}{rng.randint(1, 99)}@{rng.choice(('gmail.com', 'outlook.com', 'web.de', 'proton.me'))}",
        phone=rng.choice((f"+1 {number}", f"({number[:3]}) {number[4:]}", f"+49 30 {rng.randint(10**6, 10**7 - 1)}")),
        card=_card(rng),
        iban=_iban(rng),
        address=f"{rng.randint(2, 980)} {rng.choice(_STREETS)}, {rng.choice(_TOWNS)}",
        ip=f"{rng.choice((81, 93, 151, 203))}.{rng.randint(1, 254)}.{rng.randint(1, 254)}.{rng.randint(1, 254)}",
    )


def secret(kind: str, rng: Random) -> tuple[str, tuple[Planted, ...]]:
    """Return a sentence in which somebody pasted a secret, and the secret."""

    def letters(count: int, of: str = string.ascii_letters + string.digits) -> str:
        return "".join(rng.choices(of, k=count))

    upper = string.ascii_uppercase + string.digits
    if kind == "openai_key":
        text, said = f"sk-proj-{letters(48)}", "My own script uses {}, is that in the way?"
    elif kind == "aws_key":
        text, said = f"AKIA{letters(16, upper)}", "The recipe bucket wants the key {} from me."
    elif kind == "github_token":
        text, said = f"ghp_{letters(36)}", "My cookbook is a repository, clone it with {} if you like."
    elif kind == "jwt":
        head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
        body = base64.urlsafe_b64encode(b'{"sub":"' + letters(12).encode() + b'"}').decode().rstrip("=")
        text, said = f"{head}.{body}.{letters(43)}", "The app sends Authorization: Bearer {} and fails."
    else:
        text, said = letters(14), "I cannot log in, password: {} does not work."
    return said.format(text), (Planted(kind=kind, text=text),)


def _card(rng: Random) -> str:
    digits = [4, *(rng.randint(0, 9) for _ in range(14))]
    total = sum(sum(divmod(each * 2, 10)) if place % 2 == 0 else each for place, each in enumerate(digits))
    number = "".join(map(str, [*digits, -total % 10]))
    return " ".join(number[place : place + 4] for place in range(0, 16, 4))


def _iban(rng: Random) -> str:
    account = "".join(str(rng.randint(0, 9)) for _ in range(18))
    check = 98 - int(account + "131400") % 97
    return f"DE{check:02d}{account}"
