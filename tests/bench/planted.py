"""Talk with a shop's assistant in eight languages with personal data, secrets and copies planted in it, from a seed.

The names are of other lists than those that cleaning looks in; the telephone numbers, accounts and cards are made up and
have the right check digits. What stands beside them is made to be taken for them: orders, dishes, places, versions.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

# ruff: noqa: E501
GIVEN = [
    "Anneliese",
    "Gottfried",
    "Heike",
    "Torsten",
    "Saoirse",
    "Eoin",
    "Imogen",
    "Alistair",
    "Rhiannon",
    "Gareth",
    "Keisha",
    "Tyrone",
    "LaToya",
    "Darnell",
    "Marisol",
    "Joaquín",
    "Ximena",
    "Rodrigo",
    "Guadalupe",
    "Esperanza",
    "Mathilde",
    "Thibault",
    "Océane",
    "Aurélien",
    "Ghislaine",
    "Fabrizio",
    "Ludovica",
    "Gianmarco",
    "Ornella",
    "Thijs",
    "Femke",
    "Sanne",
    "Joost",
    "Zbigniew",
    "Agnieszka",
    "Krzysztof",
    "Małgorzata",
    "João",
    "Inês",
    "Rui",
    "Beatriz",
    "Tiago",
    "Lakshmi",
    "Arjun",
    "Deepika",
    "Rajesh",
    "Nkechi",
    "Chukwuemeka",
    "Adaeze",
    "Oluwaseun",
    "Yusuf",
    "Fatima",
    "Khadija",
    "Omar",
    "Noor",
    "Mehmet",
    "Ayşe",
    "Elif",
    "Burak",
    "Sinead",
    "Björn",
    "Astrid",
    "Linnea",
    "Lars",
    "Freya",
    "Andriy",
    "Oksana",
    "Dmitri",
    "Svetlana",
    "Eleni",
    "Kostas",
    "Thanh",
    "Linh",
    "Haruto",
    "Sakura",
    "Jiho",
    "Soyeon",
    "Wanjiru",
    "Kipchoge",
    "Tama",
    "Aroha",
]
FAMILY = [
    "Obermüller",
    "Wackernagel",
    "Feldhaus",
    "O'Sullivan",
    "MacDougall",
    "Featherstone",
    "Llewellyn",
    "Washington",
    "Ramirez-Ortega",
    "Villanueva",
    "Echeverría",
    "Beaumont",
    "Lefebvre-Martin",
    "Desrosiers",
    "Castellani",
    "Bevilacqua",
    "Tessitore",
    "Hoogendoorn",
    "Vandenberg",
    "Brzozowski",
    "Wiśniewska",
    "Carvalho",
    "Figueiredo",
    "Ramanathan",
    "Chatterjee",
    "Okonkwo",
    "Adeyemi",
    "Al-Masri",
    "Haddad",
    "Yıldırım",
    "Demirel",
    "Lindqvist",
    "Halvorsen",
    "Shevchenko",
    "Kuznetsova",
    "Papadopoulos",
    "Nguyen",
    "Tanaka",
    "Takahashi",
    "Kim",
    "Mwangi",
    "Ngata",
    "Schmitz",
    "Kowalski",
    "Novák",
    "Szabó",
    "Popescu",
    "Jovanović",
]
STREETS = {
    "en": (
        "{n} Marigold Street",
        "{n} Old Mill Lane, Springfield, IL {zip}",
        "{n}b Church Road, Leeds LS{d} 4DY",
        "{n} N. 5th Avenue",
    ),
    "de": ("Lindenstraße {n}, {zip} Köln", "Am Markt {n}", "Goethe-Allee {n}a", "Bergweg {n}, {zip} Bad Homburg"),
    "fr": ("{n} rue des Lilas, {zip} Lyon", "{n} bis avenue de la République", "{n}, boulevard Voltaire, {zip} Paris"),
    "es": ("Calle de Serrano {n}, {zip} Madrid", "Avenida del Puerto {n}"),
    "it": ("Via Garibaldi {n}, {zip} Torino", "Piazza del Duomo {n}"),
    "nl": ("Prinsengracht {n}, {zip4} AB Amsterdam", "Kerkstraat {n}"),
    "pl": ("ul. Długa {n}", "ul. Marszałkowska {n}/12"),
    "pt": ("Rua das Flores {n}, {zip4}-205 Porto", "Avenida da Liberdade {n}"),
}
WHOM = {
    "en": (
        "My name is {P} and I never got my box.",
        "Hi, this is {P}.",
        "Please tell {P} that I am late.",
        "Dear {P}, it is on its way.",
        "{P} from next door took the parcel.",
        "I ordered with Mrs. {L} last week.",
        "It did not work.\n\nKind regards,\n{P}",
        "my name is {p}, help me",
        "Can you add {P} to the booking?",
        "The invoice is for {P}, not for me.",
    ),
    "de": (
        "Ich heiße {P} und warte seit Tagen.",
        "Sehr geehrter Herr {L}, es ist unterwegs.",
        "Mit freundlichen Grüßen\n{P}",
        "Bitte schicken Sie es an {P}.",
        "Meine Kollegin {P} hat bestellt.",
    ),
    "fr": ("Je m'appelle {P}.", "Bonjour Madame {L}, merci.", "C'est pour {P}, ma sœur.", "Cordialement,\n{P}"),
    "es": ("Me llamo {P} y tengo una duda.", "Hola, soy {P}.", "Estimada Sra. {L}, ya salió.", "Es para {P}."),
    "it": ("Mi chiamo {P}.", "Gentile Signora {L}, grazie.", "Il pacco era per {P}."),
    "nl": ("Mijn naam is {P}.", "Met vriendelijke groeten,\n{P}", "Het is voor {P}."),
    "pl": ("Nazywam się {P}.", "Pozdrawiam,\n{P}", "Paczka jest dla {P}."),
    "pt": ("Meu nome é {P}.", "É para {P}.", "Abraços,\n{P}"),
}
REACH = {
    "en": (
        "Write to {EMAIL}.",
        "Call me at {PHONE}.",
        "I live at {ADDRESS}.",
        "My IP was {IP}.",
        "Born on {BIRTHDAY}.",
        "My SSN is {ID_NUMBER}.",
        "Charge {CARD} please.",
        "Refund to {IBAN}.",
        "Here is the key: {SECRET}",
        "It says {SECRET} in the log.",
    ),
    "de": (
        "Meine Mail ist {EMAIL}.",
        "Telefon: {PHONE}.",
        "Ich wohne {ADDRESS}.",
        "Mein Konto ist {IBAN}.",
        "Geboren am {BIRTHDAY}.",
    ),
    "fr": ("Mon adresse : {ADDRESS}.", "Appelez le {PHONE}.", "Mon courriel est {EMAIL}.", "Né le {BIRTHDAY}."),
    "es": ("Vivo en {ADDRESS}.", "Mi teléfono es {PHONE}.", "Mi correo es {EMAIL}.", "Mi cuenta es {IBAN}."),
    "it": ("Abito in {ADDRESS}.", "Il mio numero è {PHONE}.", "La mia mail è {EMAIL}."),
    "nl": ("Ik woon op {ADDRESS}.", "Bel mij op {PHONE}.", "Mail naar {EMAIL}."),
    "pl": ("Mieszkam przy {ADDRESS}.", "Mój telefon to {PHONE}.", "Mój mail to {EMAIL}."),
    "pt": ("Moro na {ADDRESS}.", "Meu telefone é {PHONE}.", "Meu email é {EMAIL}."),
}
PLAIN = {
    "en": (
        "Where is order 4711-2290 from 12 March 2026?",
        "Can I swap Rosemary Focaccia for Basil Pesto Pasta?",
        "Will Victoria Sponge keep?",
        "The Paris Brest took 45 minutes at 180 degrees.",
        "Version 4.12.0.3 crashed at 10:45:12 on 2026-03-14.",
        "Ticket 20255501437 was closed.",
        "ISBN 978-3-16-148410-0 is out of stock.",
        "Use 300 g of Strong White Flour.",
        "Trace 4bf92f3577b34da6a3ce929d0e0e4736 failed.",
        "The server is 10.0.0.12 and port 8080.",
        "Is Caesar Salad with Parmesan vegetarian?",
        "See https://shop.example.com/recipes/leek-and-potato-soup for more.",
        "Does the Jasmine Rice need 12 or 15 minutes?",
        "May I return it until Monday, June 15?",
        "How does the password reset work?",
        "My token count is 4096.",
        "Please compare Bosch Serie 6 with Miele Classic.",
        "New York Cheesecake for 12 people, please.",
        "Thanks to Bosch Home Connect it works.",
        "I am from Buenos Aires.",
        "A recipe for Eton Mess, please.",
        "Contact Customer Care by email.",
        "Does it go with Pinot Grigio or Earl Grey Tea?",
    ),
    "de": (
        "Wann kommt Bestellung 20255501437?",
        "Ich suche ein Rezept für Schwarzwälder Kirschtorte.",
        "Der Ofen steht auf 200 Grad.",
        "Passt der Riesling zum Wiener Schnitzel?",
        "Wie lange dauert der Versand nach Frankfurt am Main?",
    ),
    "fr": (
        "Où est la commande 998877665 ?",
        "Une recette de Tarte Tatin pour 6 personnes ?",
        "La livraison à Saint-Étienne prend 3 jours.",
    ),
    "es": (
        "¿Dónde está el pedido 612345678?",
        "Una receta de Tortilla Española para 4.",
        "El envío a Buenos Aires tarda.",
    ),
    "it": ("Dov'è l'ordine 3471234567?", "Una ricetta per la Torta Caprese.", "Spedite a Reggio Emilia?"),
    "nl": ("Waar is bestelling 612345678?", "Een recept voor Hollandse Nieuwe graag."),
    "pl": ("Gdzie jest zamówienie 512345678?", "Przepis na Barszcz Czerwony dla 4 osób."),
    "pt": ("Onde está o pedido 912345678?", "Uma receita de Bacalhau à Brás."),
}
PHONES = {
    "en": (
        "(415) 555-2671",
        "+1 212 736 5000",
        "020 7946 0958",
        "+44 20 7946 0{ddd}",
        "415-555-26{dd}",
        "+1-650-253-00{dd}",
    ),
    "de": ("+49 30 1234{dd}", "089 1234{ddd}", "0171 23456{dd}", "+49 (0)221 9876{dd}"),
    "fr": ("06 12 34 {dd} 78", "+33 1 42 68 {dd} 00"),
    "es": ("+34 612 34 {dd} 78", "612 345 6{dd}"),
    "it": ("+39 347 123 4{ddd}", "06 698 8{dddd}"),
    "nl": ("+31 6 1234 {dddd}", "020 555 1{ddd}"),
    "pl": ("+48 512 345 {ddd}", "512 345 {ddd}"),
    "pt": ("+351 912 345 {ddd}", "+351 21 322 {dddd}"),
}
BIRTHDAYS = ("12.03.1985", "3 May 1972", "1990-11-02", "07/21/1968")
HARD = (
    "and then {p} said it was my fault",
    "{G} knows about it.",
    "i asked {p} twice",
    "mail me: {EMAIL_SPELLED}",
    "Ask at number {D} in the lane.",
    "{C} 说已经付款了。",
    "It was {G} who signed.",
    "ring {WORDS} after six",
)
"""What is hard to find: names that are written small or stand alone, what is spelled out, names in Chinese."""


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A text, and where what is in it: kind, start, end."""

    text: str
    language: str
    places: tuple[tuple[str, int, int], ...]


def texts(count: int, seed: int) -> Iterator[Planted]:
    """Yield texts of two to four sentences, most of them in English."""
    chance = random.Random(seed)
    for _ in range(count):
        language = chance.choice(["en"] * 4 + ["de"] * 2 + ["fr", "es", "it", "nl", "pl", "pt"])
        wanted = [chance.choice(PLAIN[language])]
        wanted += [chance.choice(WHOM[language])] if chance.random() < 0.5 else []
        wanted += [chance.choice(REACH[language])] if chance.random() < 0.5 else []
        wanted += [chance.choice(PLAIN[language])] if chance.random() < 0.5 else []
        chance.shuffle(wanted)
        yield _filled(" ".join(wanted), language, chance)


def hard(count: int, seed: int) -> Iterator[Planted]:
    """Yield texts with what is hard to find."""
    chance = random.Random(seed)
    for _ in range(count):
        yield _filled(f"{chance.choice(PLAIN['en'])} {chance.choice(HARD)}", "en", chance)


def _filled(template: str, language: str, chance: random.Random) -> Planted:
    text, places, at = "", [], 0
    for slot in re.finditer(r"\{(\w+)\}", template):
        text += template[at : slot.start()]
        kind, value = _value(slot[1], language, chance)
        places.append((kind, len(text), len(text) + len(value)))
        text, at = text + value, slot.end()
    return Planted(text=text + template[at:], language=language, places=tuple(places))


def _value(slot: str, language: str, chance: random.Random) -> tuple[str, str]:
    name = f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}"
    if slot == "P":
        return "PERSON", name
    if slot == "p":
        return "PERSON", name.lower()
    if slot == "L":
        return "PERSON", chance.choice(FAMILY)
    made = {
        "G": lambda: chance.choice(GIVEN),
        "EMAIL_SPELLED": lambda: f"{_ascii(name)} at mail dot example",
        "D": lambda: str(chance.randint(2, 90)),
        "C": lambda: chance.choice(("王小明", "李雪梅", "张伟国")),
        "WORDS": lambda: " ".join(chance.choices(("one", "two", "four", "five", "seven", "nine"), k=9)),
        "EMAIL": lambda: (
            f"{_ascii(name)}{chance.randint(1, 99)}@{chance.choice(('mail.example', 'web.example.co.uk', 'firma.example'))}"
        ),
        "PHONE": lambda: _digits(chance.choice(PHONES[language]), chance),
        "ADDRESS": lambda: chance.choice(STREETS[language]).format(
            n=chance.randint(1, 240),
            d=chance.randint(1, 9),
            zip=chance.randint(10000, 89999),
            zip4=chance.randint(1000, 8999),
        ),
        "IP": lambda: (
            f"{chance.choice((81, 93, 185))}.{chance.randint(1, 250)}.{chance.randint(1, 250)}.{chance.randint(1, 250)}"
        ),
        "BIRTHDAY": lambda: chance.choice(BIRTHDAYS),
        "ID_NUMBER": lambda: f"{chance.randint(100, 665)}-{chance.randint(10, 99)}-{chance.randint(1000, 9999)}",
        "CARD": lambda: _card(chance),
        "IBAN": lambda: _iban(chance),
        "SECRET": lambda: _secret(chance),
    }[slot]
    return slot, made()


def _digits(pattern: str, chance: random.Random) -> str:
    return re.sub(r"\{(d+)\}", lambda found: "".join(chance.choices(string.digits, k=len(found[1]))), pattern)


def _ascii(name: str) -> str:
    return "".join(letter for letter in name.lower().replace(" ", ".") if letter in string.ascii_lowercase + ".")


def _card(chance: random.Random) -> str:
    digits = [4, *(chance.randint(0, 9) for _ in range(14))]
    total = sum(each if place % 2 else sum(divmod(each * 2, 10)) for place, each in enumerate(digits))
    number = "".join(map(str, [*digits, -total % 10]))
    gap = chance.choice(("", " ", "-"))
    return gap.join(number[at : at + 4] for at in range(0, 16, 4))


def _iban(chance: random.Random) -> str:
    account = "".join(chance.choices(string.digits, k=18))
    check = 98 - int(f"{account}131400") % 97
    whole = f"DE{check:02d}{account}"
    return chance.choice((whole, " ".join(whole[at : at + 4] for at in range(0, 22, 4))))


def _secret(chance: random.Random) -> str:
    def letters(count: int) -> str:
        return "".join(chance.choices(string.ascii_letters + string.digits, k=count))

    return chance.choice(
        (
            f"sk-proj-{letters(40)}",
            f"sk-ant-api03-{letters(60)}",
            f"AKIA{letters(16).upper()}",
            f"ghp_{letters(36)}",
            f"xoxb-{chance.randint(10**10, 10**11)}-{letters(24)}",
            f"AIza{letters(35)}",
            f"hf_{letters(34)}",
            f"eyJ{letters(20)}.eyJ{letters(40)}.{letters(43)}",
            letters(64),
            f"password={letters(12)}7",
        )
    )


POLITE = (("", " please"), ("", " Thanks!"), ("Hello, ", ""), ("Hi there. ", ""), ("", " (urgent)"))


LARDER = [
    "leeks",
    "lamb",
    "rye",
    "plums",
    "cod",
    "beans",
    "rice",
    "onions",
    "celery",
    "fennel",
    "kale",
    "squash",
    "turnips",
    "chestnuts",
    "barley",
    "lentils",
    "chickpeas",
    "walnuts",
    "almonds",
    "raisins",
    "prunes",
    "apricots",
    "figs",
    "dates",
    "yoghurt",
    "cream",
    "butter",
    "lard",
    "mustard",
    "honey",
    "vinegar",
    "capers",
    "anchovies",
    "olives",
    "saffron",
    "cumin",
    "coriander",
    "cardamom",
    "cloves",
    "nutmeg",
    "ginger",
    "chillies",
    "parsley",
    "dill",
    "chives",
    "tarragon",
    "mint",
    "sage",
    "mushrooms",
    "radishes",
    "cucumbers",
    "spinach",
    "sorrel",
    "quinces",
    "pears",
    "cherries",
    "gooseberries",
    "oats",
    "polenta",
    "noodles",
    "tofu",
    "tempeh",
    "bacon",
    "ham",
    "sausages",
    "veal",
    "venison",
    "rabbit",
    "duck",
    "trout",
    "herring",
    "mussels",
    "prawns",
    "squid",
]


def questions(count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Yield questions: a key, what it is (new, copy, variant) and the text. One in four is a copy, one in ten a variant.

    A copy is one from before but for case, spaces or the last sign, or a polite word more, a word less or misspelt. A
    variant asks the same of another number of people.
    """
    chance = random.Random(seed)
    made: list[str] = []
    for number in range(count):
        kind = chance.choices(("new", "copy", "variant"), weights=(65, 25, 10))[0] if made else "new"
        if kind == "new":
            made.append(_question(chance))
            yield str(number), kind, made[-1]
        elif kind == "copy":
            yield str(number), kind, _copied(chance.choice(made), chance)
        else:
            yield str(number), kind, re.sub(r"\d+", str(chance.randint(41, 99)), chance.choice(made))


def _question(chance: random.Random) -> str:
    have = chance.sample(LARDER, k=chance.randint(4, 6))
    ask = chance.choice(("What can I cook of", "How do I use up", "Is there a recipe for", "Which dish goes well with"))
    how = chance.choice(
        ("without an oven", "on a grill", "in one pan", "the day before", "for a picnic", "in half an hour")
    )
    whom = chance.choice(
        ("guests who eat no meat", "small children", "my late shift", "a birthday", "a cold", "a big party")
    )
    return f"{ask} {', '.join(have[:-1])} and {have[-1]} {how} for {whom}, {chance.randint(2, 40)} people?"


def _copied(text: str, chance: random.Random) -> str:
    words = text.split()
    match chance.randrange(5):
        case 0:
            return text.upper()
        case 1:
            return f"  {text.rstrip('?')} "
        case 2:
            before, after = chance.choice(POLITE)
            return f"{before}{text}{after}"
        case 3:
            return " ".join(word for place, word in enumerate(words) if place != len(words) - 2)
        case _:
            place = chance.randrange(len(words))
            return " ".join([*words[:place], words[place][::-1], *words[place + 1 :]])
