"""The words that speak for a route, by language.

Everything is in ASCII and lower case: umlauts are spelled out (ä as ae, ß as ss), other accents are left out.
"""

from __future__ import annotations

WORDS = {
    "recipe_search": {
        "en": "recipe cook ideas dinner",
        "es": "receta cocinar ideas plato cena",
        "de": "rezept gericht ideen backen uebrig gemuese suesskartoffel",
        "fr": "recette cuisiner plat idee",
    },
    "substitution": {
        "en": "instead replace substitute alternative",
        "es": "sustituir reemplazar alternativa cambiar",
        "de": "ersetzen ersatz statt alternative austauschen stattdessen",
        "fr": "remplacer substituer alternative place",
    },
    "nutrition": {
        "en": "calories protein carbs sugar nutrition",
        "es": "calorias proteina carbohidratos contiene",
        "de": "kalorien naehrwerte naehrstoffe kohlenhydrate eiweiss enthaelt gesuender",
        "fr": "calories proteines glucides contient",
    },
    "meal_plan": {
        "en": "plan week monday",
        "es": "plan menu semanal semana lunes",
        "de": "wochenplan speiseplan menue menueplan plane montag woche",
        "fr": "menu semaine planifie lundi",
    },
    "technique": {
        "en": "how long temperature best way boil roast",
        "es": "hacer tiempo temperatura horno hervir",
        "de": "lange grad schaelen kuehlen duensten roesten ruehren garen",
        "fr": "comment temps temperature cuire",
    },
    "web": {
        "en": "near restaurants open buy news",
        "es": "restaurantes cerca comprar precio",
        "de": "restaurants naehe laeden geoeffnet kaufen neuigkeiten oeffnungszeiten preise",
        "fr": "restaurants magasins acheter prix",
    },
    "profile": {
        "en": "remember allergic allergies preferences account",
        "es": "recuerda alergias perfil intolerancias vegano",
        "de": "vertrage unvertraeglichkeiten allergien merk mag ernaehre aendere haushaltsgroesse",
        "fr": "retiens allergies allergique profil intolerances",
    },
    "smalltalk": {
        "en": "hi hello thanks joke bye good morning",
        "es": "hola gracias chiste buenas",
        "de": "hallo danke tschuess schoenen witz koestlich",
        "fr": "bonjour merci blague bonne",
    },
}
