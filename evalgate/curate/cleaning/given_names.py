"""Names of people in many languages, those of Faker, and the words that are names too and mean something else."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

_LANGUAGES: Final = 3
"""Languages that have to know a given name for it to be one wherever it stands alone."""
_OTHER_WORDS: Final = """\
add edit made major press server close create delete open read save send set show start stop test type update write
a aan aber able about al alexa algo all alle allora als also always am amazon amber an anche ancora and angel
anthropic any ao api app apple apr april arch are area arize as ash asia at au auch auf aug august aurora aus austin
autumn aux avec back baker bar basil bay be bean bee beer bei bell berlin berry best bien bij bill bin bird bis bitte
blue book box boy brandy bread broccoli brook brown but butter caesar cake call can candy card carolina case cash ce
ces cette chance chase chat che check chelsea cherish cherry chi chicken chili china christian christmas ci city
claude clay clementine clever cliff clover coco cocoa coffee cola com come comment como con cook cortana cosa could
country cream crystal css cual cuando curry customer da daisy dakota dal dallas dann dans das dat dawn de dean dear
dec dee dein del delivery della delta dem den denn denver der des desde destiny deze dhl di diamond did die dies diese
dill dit do doch does dollar dolly don donde dort dos dove down du duke e each earl east easter easy echo eden een egg
eight ein eine einen el ela ele ella elle else em email ember emerald en english er era es esa ese eso est esta este
esto está et eu euer europe eve even ever every faith faq feb fern fig file finn first fish flora florence flour
flower foi food for forest four fox frank frau free french friday from fry für garden garlic gay gemini gene general
georgia german gern get ginger give gli glory gmbh go gold golden good google grace grand grant gray great green grove
guten guy ha haben had hallo hand happy hardy harmony has hat have hay hazel he heather heaven hello help her here
hermes herr het hi hij his ho hoe holiday holly home honey honor hope hot how html http hunter i ice ich if ihr ii ik
il ils im in inc india indigo ink inside io iris is israel isso ist it italian ivory ivy ja jack jade jan jasmine jazz
je jersey jet jewel job jordan journey joy json juice jul july jun june just justice kale kan kann kein kenya key khan
kid kind king kitchen kiwi können la lad lady lake lamb lane las last lavender law lawn le leaf leek lei lemon les
less let leur liberty light lily lime line link lion live llc lo london long lord loro los lot lotus love low ltd luck
luna lunch ma maar mac madison magnolia mai main mais make man mandarin mango many maple mar marble march marina
marine marjoram mark market mars martini mary-land mas mat may me meadow meal meat mein melody melon mercy merit merry
mes messiah met meu mexico mi mia mich microsoft mij mijn milan mile milk mine minha mini mint mio mir miracle mis
misty mit moi mon monday monte moon more morning moss most mountain much music muss must muy my myrtle más na naar
nach nada name native navy ne near need nein nel new nice nicht niet night nine no noble noch noel nog non none north
nos not note notre nous nov nova now number nun nur nut não o oak oat ob ocean oct oder of off ohne ok okay old olive
om on one onion only ook op opal openai or orange orchid order oregano organic os other ou our out oven over où page
palm pan pansy par para paris parsley part pas pasta paste pay paypal pdf peace peach pear pearl pela pelo pen penny
pepper per perché pero però pesto phoenix pick pie pine pink pizza più plain plan plum plus poi poppy por pork porque
port potato pour pourquoi power prairie precious premium price prince princess promise pumpkin qual quality quand
quando quanto que queen quel quelle quello quem question questo qui quick quien qué radish rain raisin rate ray read
red reed regards reset rice rich river road robin rock rocket roma roman rose rosemary rosie roy ruby russia rye sa
sage saint salad sales salmon salt sand sandy sans saturday sauce savanna savannah say scarlet schon school se sea
season see sehr sei sein seit sem senior senza sep ser serenity ses seu seven she shepherd ship shop si sie sierra
silver sin since sincere sind sir siri six sky small snow so sobre soda sol some son song sono sont sorrel soul soup
south soy spain spencer spice spirit spring sql star start steak stew still stone store storm street strong su sua sue
sugar summer sun sunday sunny suo support sur sure sus sweet sydney ta table también também tansy tarragon te tea team
ten tengo tes texas thai than thank thanks that the their them then there they this three thursday thyme ti to today
tofu toi tomato ton top total tour tra trinity true try tu tuesday tuna turkey two uit uk um uma un una und under une
union unit uno uns unser up ups url us usa use usted valencia valentine van vanilla vegan velvet venice venus very vi
victoria victory viel vienna vine viola violet virginia visa vision visit você vom von voor vor vos votre vous waar
wade walk wann wanneer want warum was wat water way we wednesday week wel well wenn wer were west what wheat when
where which white who why wie wild will willow win wine winter wir with wo wolf wood word work would y ya year yes yo
yoga york you young your zen zero zijn zu zum zur über
"""
NO_NAMES: Final = frozenset(_OTHER_WORDS.split())
"""Words that are given names too: by themselves they say nothing."""

_MORE: Final = """\
abdullah abhishek aditya ahmad ajay akash al alejandro alex alexei alexey alexi ali aliaksandr alok amina amir amit
amrita anand anastasia anatoly andi andrei andrey andriy andy angie anil anjali ankit anton antonis anya aoife arash
arjun arkady artem arun ashish ashok asif aygul babak barb bas bashir becky ben bernie beth bilal binh bohdan boris
bram bruce carlos cath chen chinedu chioma chloe chris christos chun ciara cillian cindy daan dan danila daniyar danny
dariusz darya dave deb deepak denis dieter dimitris dinesh dirk dmitri dmitriy dmitry don ed eddie ekaterina elena
emeka emre evgeny farhad fatemeh fatma fedor feng fiona galina ganesh gaurav geoff georgios gert giorgos gita greg
grigory haiyan hamid hans haruka hassan hiro hiroshi hossein hui ibrahim igor ikechukwu illia ilya imran indira inga
irina ivan jake jakub jamal javed jay jeff jen jenny jeong jess jian jie jim jin jing jo joe johan jon jun jürgen kaan
kamal kang karan karim kate kathy katya kavita kayode kazuki keiko ken kenji khaled kiran kirill kostas kumar kwame
kyle laila lakshmi lei li liam lidia linh lisa liz lubna lukasz lyudmila mahmoud maksim mandla manish manoj marek
mariam marta matt max mehdi mei mia mick mike milan min ming mira misha mo mohamed mohammad mohammed mohan moshe
muhammad mustafa mykhailo mykola nadia nam naoki natalia natasha naveen ngoc nguyen nick nikhil niko nikos nils nina
nir noam nuno ofer oksana oleg oleksandr olga olu oluwaseun omar osman pablo padma pam pat pavel pedro pete petr phil
piotr pooja prakash pranav prasad preeti priya qing rafa raj raja rajesh rakesh ram ramesh ravi reza rina rob rohan
rohit ron roza ruslan ruth ryan ryota sachin sadia said sam samir sandeep sanjay santosh sasha satoshi saurabh sergei
sergey serhii shankar shantanu shreya siddharth simran sipho soo stan stas stavros steve stu subhash sue sunil suresh
svetlana taiwo takashi takeshi tamar tanvi tariq tatiana ted tetiana thabo thandi thanh themba tim tina tobi tom
tomasz tony toshi trang tuan tunde uma usha vadim valentina vania vasily vera viet vijay vikas vikram vinay vishal
vitaly vlad vladimir volodymyr wael wahid wei wen xiao xin yael yan yang yaroslav yasmin yiannis ying yoko yuki yulia
yuri yusuf zainab zara zhen zoe zsolt
"""
"""Given names that Faker's lists lack: short ones, and those of other scripts as they are written in Latin letters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """Names without case: given ones, each with how many languages have it, and family names."""

    languages: Mapping[str, int]
    families: frozenset[str] = frozenset()

    def given(self, word: str) -> bool:
        """Return whether a word is a given name and no other word."""
        plain = word.casefold()
        return plain not in NO_NAMES and (
            plain in self.languages or ("-" in plain and all(part in self.languages for part in plain.split("-")))
        )

    def family(self, word: str) -> bool:
        """Return whether a word is a family name and no other word."""
        plain = word.casefold()
        return plain not in NO_NAMES and plain in self.families

    def everywhere(self, word: str) -> bool:
        """Return whether a word is a given name that many languages have."""
        return len(word) > 2 and self.given(word) and self.languages.get(word.casefold(), 0) >= _LANGUAGES


@cache
def known_names() -> Names:
    """Return the names of every language. Takes a fifth of a second. Raises ImportError without Faker."""
    from faker.providers import person

    given: defaultdict[str, set[str]] = defaultdict(set)
    families: set[str] = set()
    for module in pkgutil.iter_modules(person.__path__):
        provider = importlib.import_module(f"{person.__name__}.{module.name}").Provider
        for each in _listed(provider, "first_name"):
            given[each].add(module.name[:2])
        families.update(_listed(provider, "last_name"))
    languages = {**dict.fromkeys(_MORE.split(), 1), **{name: len(found) for name, found in given.items()}}
    return Names(languages=languages, families=frozenset(families))


def _listed(provider: type, beginning: str) -> Iterator[str]:
    for attribute in dir(provider):
        names = getattr(provider, attribute) if attribute.startswith(beginning) else None
        if isinstance(names, list | tuple | dict):
            yield from (str(each).casefold() for each in names)
