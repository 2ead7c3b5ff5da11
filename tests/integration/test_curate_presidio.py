"""`evalgate curate clean` with the real Presidio and a real model of spaCy, in the environment of tests/presidio."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from tests.integration.team import Team
from tests.integration.test_curate_pull import CONFIG, call
from tests.presidio import model_folder, presidio_python, run

LONELY = str(Path(__file__).parents[1] / "presidio" / "lonely.py")
KEY = {"CURATE_PSEUDONYM_KEY": "0123456789abcdef0123456789abcdef"}
NAME = "zbigniew hoogendoorn"
PERSON = re.compile(r"<PERSON_\w{6}>")
PROGRAM = """
import json, sys
from click.testing import CliRunner
from evalgate.cli.curate.clean import command
from spacy.language import Language
@Language.component("breaks")
def breaks(doc):
    if "boom" in doc.text:
        raise ValueError(doc.text)
    return doc
for arguments in json.loads(sys.argv[1]):
    ended = CliRunner().invoke(command, arguments)
    print(json.dumps([getattr(ended.exception, "exit_code", ended.exit_code), f"{ended.exception}", ended.output]))
"""


@pytest.fixture(scope="module")
def python():
    return presidio_python()


@pytest.fixture(scope="module")
def model():
    return model_folder()


@pytest.fixture
def folder(tmp_path, model):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "names").symlink_to(model)
    return tmp_path


def line(name, *said, **more):
    roles = ("user", "assistant", "user")
    return {
        "id": name,
        "input": {"messages": [{"role": role, "content": each} for role, each in zip(roles, said, strict=False)]},
        "output": {"messages": [{"role": "assistant", "content": "Here you are."}]},
        "state": "new",
        **more,
    }


def write(folder, *lines):
    (folder / "some.candidates.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in lines))


def candidates(folder):
    found = [json.loads(each) for each in (folder / "some.candidates.jsonl").read_text().splitlines()]
    return {each["id"]: each for each in found}


def contents(candidate):
    return [each["content"] for each in candidate["input"]["messages"]]


def clean(python, folder, *arguments, code=0):
    """Clean the folder's candidates where nobody else can be reached; returns what was said."""
    record = folder / "record"
    command = ("-m", "evalgate", "curate", "clean", "--dataset", "some.jsonl", *arguments)
    ended = run(python, LONELY, str(record), *command, cwd=folder, check=False, **KEY)
    assert ended.returncode == code, ended.stderr
    assert not record.exists(), record.read_text()
    return json.loads(ended.stdout) if "--json" in arguments else ended.stdout + ended.stderr


def each_of(python, folder, *arguments):
    """Clean once for each of these, in one process; returns exit code, error and output of each."""
    base = ["--dataset", "some.jsonl"]
    asked = json.dumps([[*base, *each] for each in arguments])
    ended = run(python, LONELY, str(folder / "record"), "-c", PROGRAM, asked, cwd=folder, **KEY)
    assert not (folder / "record").exists()
    return [json.loads(each) for each in ended.stdout.splitlines()]


def test_a_name_that_no_list_has_is_found_and_is_one_person_wherever_it_stands(python, folder):
    write(
        folder,
        line("a", f"then i thanked {NAME} and it rained", f"So {NAME} it is.", "Was it Hoogendoorn? ZBIGNIEW!"),
        line("b", "My name is Zbigniew Hoogendoorn, z.h@example.com, see https://example.com/a"),
        line("c", "where is order 20255501437 now"),
        # The form alone says nothing, and the model has no lemmas: the word before it does.
        line("d", "my passport number is 912803456", "the server says 912803457"),
    )
    shown = clean(python, folder, "--presidio", "./models/names")
    assert re.search(r"PERSON +5, \d by presidio\n", shown), shown
    assert "--presidio ./models/names --write" in shown
    done = clean(python, folder, "--presidio", "./models/names", "--write", "--json")
    assert done["replaced"] == {"EMAIL": 1, "ID_NUMBER": 1, "PERSON": 5}
    assert sum(each.get("PERSON", 0) for each in done["replaced_by"].values()) == 5
    assert (done["replaced_by"]["evalgate"]["EMAIL"], done["unread"]) == (1, {})
    found = candidates(folder)
    said = " ".join([*contents(found["a"]), *contents(found["b"])])
    assert "oogendoorn" not in said.lower()
    assert "bigniew" not in said.lower()
    assert len(set(PERSON.findall(said))) == 1, said
    assert contents(found["c"]) == ["where is order 20255501437 now"]
    passport, *rest = contents(found["d"])
    assert re.fullmatch(r"my passport number is <ID_NUMBER_\w{6}>", passport)
    assert rest == ["the server says 912803457"]
    before = (folder / "some.candidates.jsonl").read_bytes()
    again = clean(python, folder, "--presidio", "./models/names", "--write", "--json")
    assert (again["redacted"], (folder / "some.candidates.jsonl").read_bytes()) == (0, before)


def test_a_process_that_reaches_out_is_caught(python, tmp_path):
    """What Presidio's recogniser of e-mail addresses does, and what downloading a model does."""
    program = "import tldextract; print(tldextract.TLDExtract(cache_dir=None)('a@b.example.com').fqdn)"
    run(python, LONELY, str(tmp_path / "one"), "-c", program)
    assert "publicsuffix.org" in (tmp_path / "one").read_text()
    ended = run(python, LONELY, str(tmp_path / "two"), "-c", "import spacy.cli as s; s.download('en_x')", check=False)
    assert ended.returncode != 0
    assert (tmp_path / "two").read_text()


def test_a_profile_says_which_model_reads_which_language_and_what_is_looked_for(python, folder):
    profile = """
curate:
  profiles:
    shop:
      project: shop
      dataset: some.jsonl
      clean: {presidio: {models: {en: ./models/names}}, keep: [Nkechi*], regions: [ES]}
"""
    (folder / "evalgate.yaml").write_text(CONFIG + profile)
    wallet, nif = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "12345678Z"
    write(
        folder,
        line("en", f"please send it to {NAME}, or pay {wallet}; the number is {nif}, of order {nif}"),
        line("de", f"Dann habe ich gestern {NAME} gesehen, und es hat die ganze Zeit sehr stark geregnet"),
        line("kept", "we told nkechi okonkwo again and it was too late for all of us"),
    )
    done = clean(python, folder, "--profile", "shop", "--write", "--json")
    assert done["replaced_by"] == {"presidio": {"ID_NUMBER": 1, "PERSON": 1, "WALLET": 1}}
    assert done["unread"] == {"de": 1}
    assert "1 are in languages that Presidio has no model for (de 1)" in clean(python, folder, "--profile", "shop")
    found = candidates(folder)
    (said,) = contents(found["en"])
    assert re.fullmatch(
        r".* <PERSON_\w+>, or pay <WALLET_\w+>; the number is <ID_NUMBER_\w+>, of order 12345678Z", said
    )
    assert NAME in contents(found["de"])[0]
    assert "nkechi okonkwo" in contents(found["kept"])[0]
    assert found["en"]["marks"]["redacted"]["model"] == "en"
    # By the flag one model reads every language.
    more = clean(python, folder, "--profile", "shop", "--presidio", "./models/names")
    assert "no model for" not in more


def test_hostile_texts_are_looked_through(python, folder):
    """A text longer than spaCy takes, names where it is cut, a name in JSON within JSON."""
    long = "".join(f"{'x' * 9_980} and {NAME} paid again. " for _ in range(112))
    assert len(long) > 1_000_000
    nested = json.dumps({"note": json.dumps({"note": f"please send it to {NAME}"})})
    edges = f"{'a ' * 4_900}" + f"we met {NAME} yesterday and it rained. " * 20
    write(
        folder,
        line("long", long),
        line("json", nested),
        line("edges", edges),
        line("deep", "[" * 3000 + f" please send it to {NAME}"),
    )
    done = clean(python, folder, "--presidio", "./models/names", "--write", "--json", "--longest", "9999999")
    assert done["candidates"] == 4
    left = {name: each for name, each in candidates(folder).items() if "hoogendoorn" in json.dumps(each)}
    assert not left, {name: json.dumps(each)[:300] for name, each in left.items()}


PIECES = """
import json, os, random, spacy, sys
from pathlib import Path
from faker import Faker
from spacy.language import Language
from evalgate.cli.curate.presidio import presidio_of
from evalgate.curate.cleaning import pieces
from evalgate.suite.curate_clean import Presidio
from tests.presidio.training import text
offline, longest = set(), 0
@Language.component("hears")
def hears(doc):
    global longest
    offline.add((os.environ["HF_HUB_OFFLINE"], os.environ["TRANSFORMERS_OFFLINE"]))
    longest = max(longest, len(doc.text))
    return doc
nlp = spacy.load(sys.argv[1])
nlp.add_pipe("hears")
nlp.to_disk("models/hears")
os.environ["HF_HUB_OFFLINE"] = "0"
chance, faker = random.Random(4), Faker()
faker.seed_instance(4)
long = "".join(text(chance, [faker])[0] for _ in range(600))
found = []
for most in (pieces.MOST, 10**9):
    pieces.MOST = most
    presidio = presidio_of(Presidio.model_validate("./models/hears"), [], Path.cwd(), None)
    found.append(presidio.found_in([long], "other"))
    print(longest)
names = [long[each.start:each.end] for each in found[0][0]]
print(json.dumps([len(long), len(names), found[0] == found[1], sorted(offline)]))
print(os.environ["HF_HUB_OFFLINE"], "TRANSFORMERS_OFFLINE" in os.environ)
"""


def test_pieces_say_what_all_of_a_text_does_and_nobody_else_is_told_of_being_off_line(python, folder, model):
    ended = run(python, LONELY, str(folder / "record"), "-c", PIECES, str(model), cwd=folder)
    most, whole, said, after = ended.stdout.splitlines()
    letters, names, same, offline = json.loads(said)
    assert (int(most) < 6_000, int(whole)) == (True, letters)
    assert (letters > 30_000, names > 500, same, offline) == (True, True, True, [["1", "1"]])
    assert after == "0 False"


BROKEN = """
import spacy, sys
from pathlib import Path
from spacy.language import Language
@Language.component("breaks")
def breaks(doc):
    return doc
nlp = spacy.load(sys.argv[1])
nlp.add_pipe("breaks")
nlp.to_disk("models/breaks")
blank = spacy.blank("en")
blank.to_disk("models/blank")
(Path("models/half")).mkdir()
Path("models/half/config.cfg").write_text("[nlp]\\nlang = 'xx-no'\\n")
"""


def test_a_model_that_breaks_or_is_none_is_one_error_and_nothing_is_written(python, folder, model):
    run(python, "-c", BROKEN, str(model), cwd=folder)
    write(folder, line("fine", "it works"), line("bad", f"please send boom to {NAME}"))
    before = (folder / "some.candidates.jsonl").read_bytes()
    models = ("./models/breaks", "./models/blank", "./models/half", "./models", "./nothing", "en_core_web_lg")
    found = each_of(python, folder, *(["--presidio", each, "--write"] for each in models))
    assert (folder / "some.candidates.jsonl").read_bytes() == before
    assert [code for code, _, _ in found] == [4, 2, 2, 2, 2, 2]
    told = [error for _, error, _ in found]
    assert told[0].startswith("bad cannot be looked through for personal data: Presidio's model for other ended with")
    assert "ValueError" in told[0]
    assert "nothing of it was written" in told[0]
    assert "boom" not in told[0] + found[0][2]
    assert "finds no people: its labels are none" in told[1]
    assert "models/half does not load" in told[2]
    assert "is no model of spaCy" in told[3]
    assert "is no model of spaCy" in told[4]
    assert "python -m spacy download en_core_web_lg" in told[5]


def test_where_nobody_asks_for_it_it_is_not_imported(python, folder):
    write(folder, line("a", "My name is Anna Schmidt"))
    program = "import sys, atexit; atexit.register(lambda: print({'spacy', 'presidio_analyzer'} & set(sys.modules)))"
    command = ("curate", "clean", "--dataset", "some.jsonl")
    ended = run(python, "-c", f"{program}; from evalgate.cli import main; main()", *command, cwd=folder, **KEY)
    assert ended.stdout.splitlines()[-1] == "set()"
    assert "PERSON" in ended.stdout


def test_where_presidio_is_not_installed_the_error_says_what_to_install(folder):
    write(folder, line("a", "hello"))
    command = ("-m", "evalgate", "curate", "clean", "--dataset", "some.jsonl", "--presidio", "./models/names")
    ended = run(Path(sys.executable), *command, cwd=folder, check=False, **KEY)
    assert ended.returncode == 2
    assert "pip install 'phoenix-evalgate[curate,presidio]'" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_a_pull_that_may_write_nothing_personal_asks_the_model_first(python, folder, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    await team.spans(project, [call(f"{n}: later {NAME} wrote that it was late", f"Tell {NAME}") for n in range(5)])
    presidio = "presidio: {models: {other: ./models/names}}"
    profile = f"{{project: {project}, dataset: some.jsonl, clean: {{personal: replace, {presidio}}}}}"
    (folder / "evalgate.yaml").write_text(f"{CONFIG}curate:\n  profiles:\n    shop: {profile}\n")
    command = ("-m", "evalgate", "curate", "pull", "--profile", "shop")
    env = {**KEY, "PHOENIX_ENDPOINT": phoenix.base_url}
    ended = await asyncio.to_thread(run, python, *command, cwd=folder, check=False, **env)
    assert ended.returncode == 0, ended.stderr
    assert len(candidates(folder)) == 5
    for each in folder.rglob("*"):
        if each.is_file() and "models" not in each.parts:
            assert b"hoogendoorn" not in each.read_bytes(), each
