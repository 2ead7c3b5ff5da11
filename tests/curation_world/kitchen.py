"""What people ask a recipe assistant, by topic and language, and what it answers: words, put together by a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, kw_only=True)
class Topic:
    """What one kind of question is about. A wish is a sentence that no other topic has."""

    name: str
    dishes: tuple[str, ...]
    with_: tuple[str, ...]
    wishes: tuple[str, ...]


def _topic(name: str, dishes: str, with_: str, wishes: str) -> Topic:
    return Topic(
        name=name, dishes=tuple(dishes.split(", ")), with_=tuple(with_.split(", ")), wishes=tuple(wishes.split(" | "))
    )


OLD_TOPICS = (
    _topic(
        "vegan",
        "lentil bolognese, chickpea curry, tofu scramble, mushroom stroganoff, cashew mac, bean burgers",
        "red lentils, chickpeas, firm tofu, oat cream, nutritional yeast, spinach, coconut milk, black beans, tempeh",
        "Everything has to be vegan, so no butter and no honey. | It must be plant based from start to end. |"
        " My sister is vegan and reads every label.",
    ),
    _topic(
        "baking",
        "sourdough loaf, banana bread, cinnamon rolls, lemon drizzle cake, rye crackers, focaccia, carrot cake",
        "bread flour, buttermilk, dark rye, ripe bananas, baking powder, brown sugar, walnuts, yeast, cream cheese",
        "The crumb should be soft but not gummy. | My dough hardly rises in this kitchen. |"
        " I weigh in grams and own one loaf tin.",
    ),
    _topic(
        "allergy",
        "peanut free satay, dairy free lasagna, egg free pancakes, nut free granola, wheat free pie",
        "sunflower butter, rice noodles, oat milk, buckwheat, pumpkin seeds, tapioca, coconut aminos, apples",
        "One child carries an adrenaline pen, so traces matter. | The doctor found an allergy last month. |"
        " Which of the ingredients may hide allergens?",
    ),
    _topic(
        "slow-cooker",
        "pulled pork, beef chili, lamb tagine, chicken cacciatore, split pea soup, pot roast, barley stew",
        "pork shoulder, kidney beans, lamb neck, chicken thighs, split peas, carrots, pearl barley, celery, stock",
        "I put it on before work and eat at seven. | Should it go on low or on high? |"
        " The slow cooker holds six litres.",
    ),
    _topic(
        "students",
        "egg fried rice, tuna pasta, bean quesadillas, ramen upgrade, potato hash, tomato toast, couscous salad",
        "frozen peas, canned tuna, instant noodles, eggs, cheap cheddar, potatoes, onions, canned tomatoes, tortillas",
        "It must cost next to nothing until the loan arrives. | The dorm has one hot plate and a kettle. |"
        " I wash up by hand, so one pot please.",
    ),
    _topic(
        "lunchbox",
        "pinwheel wraps, pasta salad pots, mini quiches, sushi sandwiches, hummus dippers, cheese muffins, bento rolls",
        "cream cheese, cucumber, ham, sweetcorn, hummus, grapes, wholemeal wraps, cheddar cubes, cherry tomatoes",
        "It sits in a school bag until noon. | My son eats nothing green at school. |"
        " The lunch box has three small compartments.",
    ),
    _topic(
        "barbecue",
        "smoked brisket, grilled halloumi, cedar plank salmon, corn ribs, chicken skewers, charred cabbage, spare ribs",
        "brisket, halloumi, cedar planks, corn cobs, chicken breast, paprika rub, salmon fillets, white cabbage, lime",
        "The charcoal grill has a lid and a poor thermometer. | How long does the meat rest off the fire? |"
        " The neighbours complain about smoke.",
    ),
    _topic(
        "wine",
        "coq au vin, mushroom risotto, mussels in cider, beef bourguignon, poached pears, cheese fondue, ragu bianco",
        "pinot noir, arborio rice, mussels, shallots, beef cheek, pears, gruyere, thyme, dry cider",
        "Which bottle goes with it on the table? | Can the alcohol be left out for a guest? |"
        " It is for an anniversary dinner with three courses.",
    ),
)
NEW_TOPICS = (
    _topic(
        "air-fryer",
        "crispy gnocchi, air fried salmon bites, basket doughnuts, air fryer falafel, crackling potatoes, feta parcels",
        "gnocchi, salmon cubes, biscuit dough, dried chickpeas, baby potatoes, feta, panko, spray oil, zucchini",
        "The air fryer basket takes four litres. | At which degrees does the air fryer not burn it? |"
        " Do I preheat the air fryer or shake the basket half way?",
    ),
    _topic(
        "protein",
        "cottage cheese flatbread, skyr bowls, turkey egg cups, protein overnight oats, edamame salad, shrimp omelette",
        "cottage cheese, skyr, turkey mince, whey powder, edamame, shrimp, egg whites, chia seeds, quark",
        "I am on the weekly injection and manage small portions only. | It needs forty grams of protein per serving. |"
        " My coach counts macros, calories and fibre.",
    ),
)
TOPICS = {each.name: each for each in (*OLD_TOPICS, *NEW_TOPICS)}

_FAULTS = ("dry", "salty", "watery", "bland", "tough", "greasy", "pale", "sour")
_TOOLS = ("a wok", "one frying pan", "a small oven", "a pressure cooker", "a blender", "an old gas stove", "a griddle")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "New Year")
_ASKS = {
    "en": (
        "How do I make {dish} with {a} and {b}?",
        "I have {a}, {b} and some {c} left, can I turn that into {dish}?",
        "Please give me a recipe for {dish} for {n} people, if possible with {a}.",
        "What could I cook from {a} and {b} tonight, something in the style of {dish}?",
        "My {dish} always turns out too {fault}, what should I change besides the {a}?",
        "Can you plan {dish} for {n} guests on {day} so that my {a} and {b} get used up?",
        "Which side goes with {dish} when all that is left are {a}, {b} and {c}?",
        "Is it safe to freeze {dish} made of {a}, and for how many weeks?",
        "Instead of {a} I bought {b}: does {dish} still work, and what changes?",
    ),
    "de": (
        "Wie mache ich {dish} mit {a} und {b}?",
        "Ich habe noch {a}, {b} und etwas {c}, kann daraus {dish} werden?",
        "Bitte ein Rezept für {dish} für {n} Personen, am liebsten mit {a}.",
        "Mein {dish} wird immer zu fade, was soll ich außer {a} ändern?",
    ),
    "es": (
        "¿Cómo preparo {dish} con {a} y {b}?",
        "Me quedan {a}, {b} y un poco de {c}, ¿puedo hacer {dish}?",
        "Por favor, una receta de {dish} para {n} personas, si puede ser con {a}.",
        "Mi {dish} siempre sale soso, ¿qué cambio además de {a}?",
    ),
    "fr": (
        "Comment préparer {dish} avec {a} et {b} ?",
        "Il me reste {a}, {b} et un peu de {c}, est-ce que je peux en faire {dish} ?",
        "Une recette de {dish} pour {n} personnes, s'il vous plaît, avec {a} si possible.",
        "Mon {dish} est toujours trop fade, que changer à part {a} ?",
    ),
}
_CONTEXTS = {
    "en": (
        "I only have {minutes} minutes and {tool}.",
        "There are {n} of us at the table, {m} of them under ten.",
        "It should keep in the fridge until {day}.",
        "The oven broke down {m} days ago, so {tool} has to do.",
        "The budget is {money} dollars for all of it.",
        "Last time I took {c} and nobody finished the plate.",
        "I have never used {tool} for this, so go step by step.",
        "We eat at {hour} and I come home at {earlier}.",
        "In the shop they had {c} only, {money} grams of it.",
    ),
    "de": (
        "Ich habe nur {minutes} Minuten Zeit und einen kleinen Backofen.",
        "Wir sind {n} am Tisch, davon {m} Kinder, und das Budget sind {money} Euro.",
        "Es soll sich im Kühlschrank bis zum Wochenende halten, mindestens {m} Tage.",
        "Im Laden gab es nur {c}, etwa {money} Gramm davon.",
    ),
    "es": (
        "Solo tengo {minutes} minutos y un horno pequeño.",
        "Somos {n} en la mesa, {m} de ellos niños, y el presupuesto es de {money} euros.",
        "Tiene que aguantar en la nevera hasta el fin de semana, al menos {m} días.",
        "En la tienda solo había {c}, unos {money} gramos.",
    ),
    "fr": (
        "Je n'ai que {minutes} minutes et un petit four.",
        "Nous sommes {n} à table, dont {m} enfants, et le budget est de {money} euros.",
        "Il faut que cela se garde au frigo jusqu'au week-end, au moins {m} jours.",
        "Au magasin il n'y avait que {c}, environ {money} grammes.",
    ),
}
_ANSWERS = {
    "en": (
        "Here is {dish}. 1. Prepare {a} and {b}, about {money} grams each. 2. Cook for {minutes} minutes over medium"
        " heat, stirring twice. 3. Add {c}, taste, season and let it rest. It serves {n} and keeps for {m} days."
    ),
    "de": (
        "So gelingt {dish}: 1. {a} und {b} vorbereiten, je etwa {money} Gramm. 2. {minutes} Minuten bei mittlerer Hitze"
        " garen. 3. {c} zugeben, abschmecken und ruhen lassen. Das reicht für {n} und hält {m} Tage."
    ),
    "es": (
        "Así se hace {dish}: 1. Prepara {a} y {b}, unos {money} gramos de cada uno. 2. Cocina {minutes} minutos a fuego"
        " medio. 3. Añade {c}, prueba y deja reposar. Es para {n} y aguanta {m} días."
    ),
    "fr": (
        "Voici {dish} : 1. Préparez {a} et {b}, environ {money} grammes de chaque. 2. Faites cuire {minutes} minutes à"
        " feu moyen. 3. Ajoutez {c}, goûtez et laissez reposer. C'est pour {n} et se garde {m} jours."
    ),
}
LANGUAGES = tuple(_ASKS)
SYSTEM = "You are the recipe assistant of a grocery. Use the customer's profile, the recipe search and the web."


def asked_and_answered(topic: Topic, language: str, rng: Random) -> tuple[str, str]:
    """Return a question of a topic and its right answer."""
    a, b, c = rng.sample(topic.with_, 3)
    hour = rng.randint(6, 9)
    slots = {
        "dish": rng.choice(topic.dishes),
        "a": a,
        "b": b,
        "c": c,
        "n": rng.randint(3, 14),
        "m": rng.randint(2, 5),
        "minutes": rng.randint(3, 18) * 5,
        "money": rng.randint(3, 60) * 5,
        "day": rng.choice(_DAYS),
        "tool": rng.choice(_TOOLS),
        "fault": rng.choice(_FAULTS),
        "hour": f"{hour}:{rng.choice((15, 30, 45))}",
        "earlier": f"{hour - 1}:{rng.choice((10, 20, 40))}",
    }
    contexts = rng.sample(_CONTEXTS[language], 2 if language == "en" else 1)
    wishes = [rng.choice(topic.wishes)] if language == "en" else []
    sentences = [rng.choice(_ASKS[language]), *contexts, *wishes]
    tail = sentences[1:]
    rng.shuffle(tail)
    return " ".join([sentences[0], *tail]).format(**slots), _ANSWERS[language].format(**slots)


_OTHER_WORDS = {
    "Please give me": "Could I get",
    "How do I make": "How can I make",
    "Can you plan": "Could you plan",
    "What could I cook": "What can I cook",
    "I only have": "I just have",
    "It should keep": "It has to keep",
    "The budget is": "My budget is",
    "nobody finished": "no one finished",
    "Is it safe to freeze": "Is it okay to freeze",
    "turns out too": "comes out too",
    "all that is left are": "all I have left are",
    "go step by step": "explain it step by step",
    "some": "a bit of",
    "We eat at": "Dinner is at",
}


def reworded(question: str, rng: Random) -> str:
    """Return nearly the same question: one turn of phrase is another, and a word of thanks or a slip is added."""
    known = [each for each in _OTHER_WORDS if each in question]
    if known:
        first = rng.choice(known)
        question = question.replace(first, _OTHER_WORDS[first], 1)
    return rng.choice(("{} Thanks!", "Hi! {}", "{} Thank you.", "Hello, {}")).format(question)


def retyped(question: str, rng: Random) -> str:
    """Return the same question, typed a little differently: cases and spaces."""
    return rng.choice((question.upper(), question.lower(), f"  {question}\n", question.replace(" ", "  "), question))
