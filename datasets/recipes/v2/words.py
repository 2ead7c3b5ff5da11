"""The words and phrases that speak for a route, by language.

Everything is in ASCII and lower case: umlauts are spelled out (ä as ae, ß as ss), other accents are left out.
A word after a `~` is only a hint: it settles what nothing else does. The words of a phrase are joined by `_`.
"""

from __future__ import annotations

WORDS = {
    "recipe_search": {
        "en": "recipe cook ideas find dinner dish quick ~cake ~soup ~salad ~leftover",
        "es": "receta cocinar ideas plato cena postre busco ~bizcocho",
        "de": "rezept gericht ideen backen uebrig gemuese suesskartoffel",
        "fr": "recette cuisiner plat idee dessert cherche ~gateau",
    },
    "substitution": {
        "en": "instead replace replacement substitute swap alternative",
        "es": "sustituir reemplazar reemplazo alternativa cambiar en_lugar en_vez no_tengo",
        "de": "ersetzen ersatz statt alternative austauschen stattdessen",
        "fr": "remplacer substituer alternative la_place au_lieu",
    },
    "nutrition": {
        "en": "calories protein carbs sugar nutrition vitamins fat ~contain ~gluten ~lactose",
        "es": "calorias proteina carbohidratos contiene sano vitaminas ~gluten",
        "de": "kalorien naehrwerte naehrstoffe kohlenhydrate eiweiss enthaelt gesuender",
        "fr": "calories proteines glucides contient sante teneur apport vitamines ~gluten",
    },
    "meal_plan": {
        "en": "plan week weekly monday schedule next_week meal_plan ~days",
        "es": "plan menu semanal semana lunes planifica ~dias",
        "de": "wochenplan speiseplan menue menueplan plane montag woche",
        "fr": "menu semaine planifie programme lundi ~jours",
    },
    "technique": {
        "en": "how_do how_long temperature best_way boil roast fold sear explain",
        "es": "como_se tiempo temperatura horno hervir truco pelar ~como",
        "de": "lange grad schaelen kuehlen duensten roesten ruehren garen",
        "fr": "comment temps temperature cuire astuce eplucher monter",
    },
    "web": {
        "en": "near nearby restaurants open buy online news price cost supermarket ~where",
        "es": "restaurantes cerca comprar precio noticias abren ~donde",
        "de": "restaurants naehe laeden geoeffnet kaufen neuigkeiten oeffnungszeiten preise",
        "fr": "restaurants magasins acheter prix ouverts boulangerie ~ou",
    },
    "profile": {
        "en": "remember allergic allergies preferences account household intolerance never don't_like",
        "es": "recuerda alergias alergico perfil intolerancias vegano no_me_gusta",
        "de": "vertrage unvertraeglichkeiten allergien merk mag ernaehre aendere haushaltsgroesse",
        "fr": "retiens allergies allergique profil intolerances",
    },
    "smalltalk": {
        "en": "hi hello thanks joke bye good_morning",
        "es": "hola gracias chiste buenas",
        "de": "hallo danke tschuess schoenen witz koestlich",
        "fr": "bonjour merci blague bonne",
    },
}
