"""The config file: what loads, where each value comes from, and what each mistake is answered with."""

import re
from pathlib import Path

import pytest

from evalgate.errors import ConfigurationError, ErrorGroup
from evalgate.suite.loading import LoadedConfig, load_config
from evalgate.suite.tasks import PromptTask, PythonTask

GOOD = """\
suites:
  support:
    dataset: data.jsonl
    task: {python: answer.py:answer, workers: 2}
    evaluators:
      - exact_match: {path: text}
      - json_valid
    checks:
      exact_match: {at_least: 0.5}
endpoints:
  openai: {base_url: https://api.example.com/v1, api_key_env: KEY}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory with the files that the configs of this module name."""
    (tmp_path / "data.jsonl").write_text('{"id": "1", "input": {}}\n')
    (tmp_path / "answer.py").write_text("def answer(input): ...\n")
    (tmp_path / "prompt.yaml").write_text("messages: []\n")
    return tmp_path


def load(home: Path, text: str | bytes, environ: dict[str, str] | None = None, **flags: str) -> LoadedConfig:
    path = home / "evalgate.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    overrides = {name.replace("__", "."): value for name, value in flags.items()}
    return load_config(path, environ=environ or {}, overrides=overrides)


def refusals(home: Path, text: str | bytes, environ: dict[str, str] | None = None, **flags: str) -> list[str]:
    """Every message for `text`, with `evalgate.yaml:` before its line and column."""
    with pytest.raises(ErrorGroup) as caught:
        load(home, text, environ, **flags)
    return [str(error).replace(f"{home}/", "") for error in caught.value.errors]


def test_a_good_file_loads_with_the_origin_of_every_value(home):
    loaded = load(home, GOOD)
    task = loaded.config.suites["support"].task
    assert isinstance(task, PythonTask)
    assert task.workers == 2
    assert loaded.origins["suites.support.task.workers"] == f"{home}/evalgate.yaml:4:47"
    assert loaded.origins["suites.support.task.timeout"] == "default"
    assert loaded.origins["suites.support.dataset.file"] == f"{home}/evalgate.yaml:3:14"
    assert loaded.origins["suites.support.checks.exact_match.at_least.threshold"] == f"{home}/evalgate.yaml:9:31"
    assert loaded.origins["suites.support.checks.exact_match.at_least.mode"] == "default"
    assert loaded.root("support") == home / "."


def test_values_cascade_from_default_over_file_and_environment_to_flag(home):
    text = GOOD + "policy: {mode: observe, alpha: 0.2}\n"
    environ = {
        "evalgate_policy__Alpha": "0.1",
        "EVALGATE_POLICY__SEED": "",
        "EVALGATE_SUITES__SUPPORT__CHECKS__EXACT_MATCH__AT_LEAST__THRESHOLD": "0.9",
        "EVALGATE_POLICY__MODE": "observe",
        "EVALGATE_POLICY__EXACT": "true",
        "EVALGATE_RUN_LIMIT": "5",
        "EVALGATE_CONFIG": "elsewhere.yaml",
        "PATH": "/bin",
    }
    loaded = load(home, text, environ, policy__mode="enforce")
    policy = loaded.config.policy
    assert (policy.mode, policy.alpha, policy.exact, policy.seed) == ("enforce", 0.1, True, 20240613)
    threshold = loaded.config.suites["support"].checks["exact_match"].at_least
    assert threshold is not None
    assert (threshold.threshold, threshold.mode) == (0.9, "point")
    assert loaded.origins["policy.mode"] == "--set policy.mode"
    assert loaded.origins["policy.alpha"] == "evalgate_policy__Alpha"
    assert loaded.origins["policy.seed"] == "default"


def test_a_value_from_outside_is_refused_by_the_name_it_came_under(home):
    said = refusals(home, GOOD, {"EVALGATE_POLICY__ALPHA": "0.7"}, suites__support__repetitions="none")
    assert said == [
        "--set suites.support.repetitions: suites.support.repetitions should be a whole number; it is 'none'",
        "EVALGATE_POLICY__ALPHA: policy.alpha should be below 0.5; it is 0.7",
    ]


def test_a_variable_that_sets_nothing_is_answered_with_the_nearest_that_does(home):
    said = refusals(
        home,
        GOOD,
        {
            "EVALGATE_POLICY__ALPA": "1",
            "EVALGATE_POLICY": "1",
            "EVALGATE_POLICY_MODE": "observe",
            "EVALGATE_XYZ__Q": "1",
        },
        nonsense="1",
    )
    assert said == [
        (
            "EVALGATE_POLICY: this variable sets nothing: it names a group; set one of its keys, "
            "`EVALGATE_POLICY__ACCEPT_WITHOUT_OWNER` for example"
        ),
        "EVALGATE_POLICY_MODE: this variable sets nothing: did you mean `EVALGATE_POLICY__MODE`?",
        "EVALGATE_POLICY__ALPA: this variable sets nothing: did you mean `EVALGATE_POLICY__ALPHA`?",
        "EVALGATE_XYZ__Q: this variable sets nothing: `evalgate config show` lists the keys",
        "--set nonsense sets nothing: `evalgate config show` lists the keys",
    ]


def test_everything_wrong_is_said_at_once_in_the_order_of_the_file(home):
    text = """\
suites:
  s:
    dataset: data.jsonl
    task: {python: answer.py:answer, timout: 3, timeout: x}
    evaluators: [exact_match, exact_mach, {regex: }, {json_schema: {schema: 4}}, {contains: {text: 5}}]
    checks:
      a: {at_least: "q"}
      b: {}
    baseline: 5
  t:
    task: {promt: 1}
  u:
    dataset: {file: x, fields: {a..b: c}}
    task: {prompt: x}
    evaluators: []
    checks: {1: 2}
    baseline: {task: 3}
    baseline: {task: 3}
  v:
    dataset: absent.jsonl
    task: {python: answer.py:answer}
    evaluators: [json_valid, {exact_match: {path: x}, direction: neutral}]
    checks: {json_valid: {no_regression: }, exact_match: {at_most: 1}}
    baseline: null
policy: {on_unmeasurable: {nothin: warn, errors: x}, alpha: 3, mode: x, exact: 3}
polcy: 3
"""
    assert refusals(home, text) == [
        "evalgate.yaml:4:38: unknown key `timout`: did you mean `timeout`?",
        "evalgate.yaml:4:58: suites.s.task.timeout should be a number; it is 'x'",
        "evalgate.yaml:5:31: unknown key `exact_mach`: did you mean `exact_match`?",
        "evalgate.yaml:5:44: suites.s.evaluators[2].regex needs `pattern`",
        (
            "evalgate.yaml:5:77: suites.s.evaluators[3].json_schema.schema should be text; "
            "it is a number: write it in quotes"
        ),
        "evalgate.yaml:5:100: suites.s.evaluators[4].contains.text should be text; it is a number: write it in quotes",
        "evalgate.yaml:7:21: suites.s.checks.a.at_least should be a number or a mapping; it is 'q'",
        (
            "evalgate.yaml:8:7: a check needs a rule: no_regression, improves, equivalent, at_least, at_most or "
            "zero_tolerance, or report_only"
        ),
        "evalgate.yaml:9:15: suites.s.baseline should be text; it is a number: write it in quotes",
        "evalgate.yaml:10:3: suites.t needs `dataset`",
        "evalgate.yaml:10:3: suites.t needs `evaluators`",
        "evalgate.yaml:10:3: suites.t needs `checks`",
        "evalgate.yaml:11:12: unknown key `promt`: did you mean `prompt`?",
        "evalgate.yaml:13:33: 'a..b' is not a path: write names joined by dots, like input.question",
        "evalgate.yaml:14:5: a task with a prompt file needs `model`",
        "evalgate.yaml:15:17: suites.u.evaluators is empty: it needs at least one",
        "evalgate.yaml:16:13: suites.u.checks is empty: it needs at least one",
        'evalgate.yaml:16:14: a key must be text, and this is a number: write "1" in quotes',
        "evalgate.yaml:17:22: suites.u.baseline.task should be a mapping; it is 3",
        "evalgate.yaml:18:5: the key 'baseline' is here twice; first on line 17",
        "evalgate.yaml:20:14: the dataset file 'absent.jsonl' does not exist; it is looked for in " + str(home),
        (
            "evalgate.yaml:23:27: no_regression compares with a baseline, and the suite has none: set `baseline:` to "
            "merge-base (where this change left its target), merge-base:<ref>, git:<branch, tag or commit>, {task: …} "
            "(a second task), build:<id> or build:latest (a stored build), file:<path> (an exported journal), "
            "phoenix-tag:<name> and experiment:<id> (experiments in Phoenix)"
        ),
        (
            "evalgate.yaml:23:45: `exact_match` is neutral, neither way is better, so it cannot gate: "
            "say report_only: true, or give the evaluator a direction"
        ),
        (
            "evalgate.yaml:25:28: policy.on_unmeasurable.nothin should be 'nothing', 'baseline', 'errors', "
            "'incomplete', 'budget', 'service', 'replay' or 'cached'; it is 'nothin'"
        ),
        "evalgate.yaml:25:50: policy.on_unmeasurable.errors should be 'warn' or 'fail'; it is 'x'",
        "evalgate.yaml:25:61: policy.alpha should be below 0.5; it is 3",
        "evalgate.yaml:25:70: policy.mode should be 'enforce' or 'observe'; it is 'x'",
        "evalgate.yaml:25:80: policy.exact should be true or false; it is 3",
        "evalgate.yaml:26:1: unknown key `polcy`: did you mean `policy`?",
    ]


def test_rules_about_the_size_of_a_change_are_refused_where_their_number_stands(home):
    """Those that no answers could pass too, and those whose baseline is stored."""
    text = """\
suites:
  s:
    dataset: data.jsonl
    task: {python: answer.py:answer}
    evaluators: [exact_match]
    checks:
      a: {improves: 2}
      b: {improves: 0.1, equivalent: 0.1}
      c: {equivalent: x}
      d: {equivalent: {margn: 0.1}}
      e: {improves: {by: -1}}
"""
    assert refusals(home, text) == [
        "evalgate.yaml:7:21: suites.s.checks.a.improves should be below 1.0; it is 2",
        "evalgate.yaml:8:7: improves asks for more than equivalent allows: nothing could ever pass both",
        "evalgate.yaml:9:23: suites.s.checks.c.equivalent should be a number or a mapping; it is 'x'",
        "evalgate.yaml:10:11: suites.s.checks.d.equivalent needs `margin`",
        "evalgate.yaml:10:24: unknown key `margn`: did you mean `margin`?",
        "evalgate.yaml:11:26: suites.s.checks.e.improves.by should be at least 0.0; it is -1",
    ]
    improving = GOOD.replace("at_least: 0.5", "improves: 0.5, equivalent: 0.6")
    assert load(home, improving).config.suites["support"].baseline == "merge-base"
    (alone,) = refusals(home, improving.replace("    checks:", "    baseline: null\n    checks:"))
    assert alone.startswith("evalgate.yaml:10:21: improves compares with a baseline, and the suite has none")
    stored = improving.replace("    checks:", "    baseline: build:latest\n    checks:")
    assert refusals(home, stored) == [
        (
            "evalgate.yaml:10:36: equivalent needs both sides fresh, and the baseline 'build:latest' is stored: set "
            "`baseline:` to {task: …}, or use no_regression"
        )
    ]


def test_a_number_in_short_is_overridden_by_the_key_that_it_is_short_for(home):
    text = GOOD.replace("at_least: 0.5", "improves: 0.5").replace(
        "    checks:", "    baseline: {task: {}}\n    checks:"
    )
    loaded = load(home, text, suites__support__checks__exact_match__improves__by="0.25")
    rule = loaded.config.suites["support"].checks["exact_match"].improves
    assert rule is not None
    assert rule.by == 0.25


def test_names_that_must_meet_are_checked_with_their_places(home):
    text = """\
suites:
  s:
    dataset: {file: data.json}
    task: {prompt: prompt.yaml, model: opnai/gpt}
    evaluators:
      - exact_match
      - exact_match: {path: x}
      - {python: "evals.py:cites"}
      - {json_schema: {schema: s.json}}
      - {sql: {database: db.sql}}
    checks:
      exact_mach: {report_only: true}
    baseline: "git:main~2"
  t:
    root: nowhere
    dataset: data.jsonl
    task: {python: pkg.module:answer}
    evaluators: [json_valid]
    checks: {json_valid: {at_least: 1}}
    baseline: "file:"
endpoints: {openai: {base_url: "https://api.example.com/v1"}}
"""
    assert refusals(home, text) == [
        "evalgate.yaml:3:21: the dataset file 'data.json' does not exist: did you mean `data.jsonl`?",
        "evalgate.yaml:4:40: the model's endpoint `opnai` is not in `endpoints`: did you mean `openai`?",
        (
            "evalgate.yaml:7:9: two evaluators are called `exact_match`: give one a `name:` of its own "
            "(the first stands at 6:9)"
        ),
        f"evalgate.yaml:8:18: the Python file 'evals.py' does not exist; it is looked for in {home}",
        f"evalgate.yaml:9:32: the schema file 's.json' does not exist; it is looked for in {home}",
        f"evalgate.yaml:10:26: the database file 'db.sql' does not exist; it is looked for in {home}",
        "evalgate.yaml:11:5: no check of suite `s` gates: leave out report_only in at least one",
        "evalgate.yaml:12:7: the check `exact_mach` is about no evaluator: did you mean `exact_match`?",
        "evalgate.yaml:13:15: the baseline 'git:main~2' names no branch, tag or commit as git writes them",
        f"evalgate.yaml:15:11: the root 'nowhere' is no directory; it is looked for in {home}",
        (
            "evalgate.yaml:20:15: the baseline 'file:' is none of merge-base (where this change left its target), "
            "merge-base:<ref>, git:<branch, tag or commit>, {task: …} (a second task), build:<id> or build:latest (a "
            "stored build), file:<path> (an exported journal), phoenix-tag:<name> and experiment:<id> (experiments in "
            "Phoenix)"
        ),
    ]


def test_a_config_that_curates_alone_loads_for_what_measures_nothing(home):
    """No green on it: whoever measures is told what is missing."""
    file = home / "evalgate.yaml"
    file.write_text("curate: {profiles: {shop: {project: shop, dataset: golden.jsonl}}}\n")
    loaded = load_config(file, environ={}, overrides={}, without_suites=True)
    assert (loaded.config.suites, [*loaded.config.curate.profiles]) == ({}, ["shop"])
    with pytest.raises(ConfigurationError, match="it has no `suites`: nothing says what is measured") as refused:
        load_config(file, environ={}, overrides={})
    assert refused.value.next_step.startswith(f"add a suite to {file} ")
    file.write_text("suites: {}\n")
    with pytest.raises(ErrorGroup, match="suites is empty"):
        load_config(file, environ={}, overrides={}, without_suites=True)


def test_a_second_task_takes_what_it_does_not_say_from_the_candidate(home):
    loaded = load(home, GOOD.replace("    checks:", "    baseline: {task: {python: answer.py:older}}\n    checks:"))
    second = loaded.baseline_tasks["support"]
    assert isinstance(second, PythonTask)
    assert (second.python, second.workers) == ("answer.py:older", 2)


def test_a_second_task_of_another_kind_takes_only_what_its_kind_knows(home):
    baseline = "    baseline: {task: {prompt: prompt.yaml, model: openai/m}}\n    checks:"
    second = load(home, GOOD.replace("    checks:", baseline)).baseline_tasks["support"]
    assert isinstance(second, PromptTask)
    assert second.timeout == 120.0


def test_a_wrong_second_task_is_refused_where_it_was_written(home):
    baseline = "    baseline: {task: {python: answer, memori_mb: 5}}\n    checks:"
    assert refusals(home, GOOD.replace("    checks:", baseline)) == [
        "evalgate.yaml:8:31: python should be path/to/file.py:function or package.module:function; it is 'answer'",
        "evalgate.yaml:8:39: unknown key `memori_mb`: did you mean `memory_mb`?",
    ]


def test_a_dataset_is_in_one_place_and_its_server_is_known(home):
    def with_dataset(text):
        return refusals(home, re.sub(r"dataset: .*", f"dataset: {text}", GOOD))

    assert with_dataset("{phoenix: golden, server: eu}") == [
        "evalgate.yaml:3:40: the server `eu` is not in `phoenix.servers`: add it under `phoenix: servers:`",
    ]
    (both,) = with_dataset("{phoenix: golden, file: data.jsonl}")
    assert "a dataset needs exactly one of file, phoenix; found file and phoenix" in both
    (beside,) = with_dataset("{file: data.jsonl, version: v3}")
    assert "`version` is for a dataset in Phoenix, and this one is a file" in beside


def test_a_missing_file_says_how_to_begin(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=r"no evalgate\.yaml here\n.*run `evalgate init`"):
        load_config(Path("evalgate.yaml"), environ={}, overrides={})
    with pytest.raises(ConfigurationError, match=r"sub/evalgate\.yaml does not exist"):
        load_config(Path("sub/evalgate.yaml"), environ={}, overrides={})
    with pytest.raises(ConfigurationError, match="is a directory"):
        load_config(tmp_path, environ={}, overrides={})


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "null\n"])
def test_an_empty_file_says_so(home, text):
    with pytest.raises(ConfigurationError, match="the file is empty"):
        load(home, text)


@pytest.mark.parametrize("key", ["judge", "python"])
def test_an_evaluator_that_names_nothing_says_so(home, key):
    (said,) = refusals(home, GOOD.replace("      - json_valid", f"      - {{{key}: null, name: odd}}"))
    assert said.startswith(f"evalgate.yaml:7:9: `{key}` says nothing: name the ")


def test_a_file_name_that_the_system_does_not_take_says_so(home):
    (said,) = refusals(home, GOOD.replace("data.jsonl", "a" * 5_000))
    assert said == f"evalgate.yaml:3:14: the dataset file '{'a' * 60}'… cannot be looked for: File name too long"


def test_a_price_beyond_a_dollar_a_token_is_refused(home):
    (said,) = refusals(home, GOOD + "prices: {openai/m: {input: 1.0e+300, output: 1}}\n")
    assert said == "evalgate.yaml:12:28: prices.openai/m.input should be at most 1000000.0; it is 1e+300"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://host/v1", "is not an http(s) address: write it like https://host/v1"),
        ("https://host:99999/v1", "is not an http(s) address: write it like https://host/v1"),
        (
            "https://user:sk-secret@host/v1",
            "has credentials in it: take them out and name the environment variable that holds them instead",
        ),
        (
            "https://host/v1?api-version=1&api-key=sk-secret",
            (
                "has what looks like a key in it (`api-key`): take it out and name the environment variable that holds"
                " it: api_key_env, with api_key_header"
            ),
        ),
    ],
)
def test_an_address_that_cannot_be_called_or_recorded_is_refused_where_it_stands(home, url, says):
    text = GOOD.replace("https://api.example.com/v1", f"'{url}'")
    assert refusals(home, text) == [f"evalgate.yaml:11:22: endpoints.openai.base_url {says}"]


@pytest.mark.parametrize(
    ("key", "most"),
    [("concurrency", 10_000), ("requests_per_minute", 10**12), ("tokens_per_minute", 10**12)],
)
def test_a_number_that_no_endpoint_has_is_refused(home, key, most):
    text = GOOD.replace("api_key_env: KEY", f"{key}: {10**400}")
    (said,) = refusals(home, text)
    assert said.startswith(f"evalgate.yaml:11:{52 + len(key)}: endpoints.openai.{key} should be at most {most}; it is ")


def test_a_file_that_is_no_mapping_says_so(home):
    assert refusals(home, "- a\n") == ["evalgate.yaml:1:1: the file should be a mapping; it is a list"]


def test_another_encoding_is_named(home):
    with pytest.raises(ConfigurationError, match="the file is UTF-16"):
        load(home, GOOD.encode("utf-16"))
    with pytest.raises(ConfigurationError, match="2:8: byte 0xE9 is not UTF-8"):
        load(home, b"suites:\n  # caf\xe9\n")
    assert load(home, b"\xef\xbb\xbf" + GOOD.encode()).config.suites


def test_syntax_errors_come_with_their_place(home):
    assert refusals(home, "suites:\n\ta: 1\n")[0].startswith("evalgate.yaml:2:1: not YAML:")
    assert "tabs" in refusals(home, "suites:\n\ta: 1\n")[0]


def test_aliases_and_merges_are_read(home):
    text = GOOD.replace("      - json_valid\n", "      - &one json_valid\n").replace(
        "  openai: {", "  base: &base {concurrency: 3, base_url: 'https://x'}\n  openai: {<<: *base, "
    )
    loaded = load(home, text)
    assert loaded.config.endpoints["openai"].concurrency == 3
    assert loaded.config.endpoints["openai"].base_url == "https://api.example.com/v1"
    assert loaded.origins["endpoints.openai.concurrency"].endswith(":11:29")


@pytest.mark.parametrize("named", ["merge-base", "merge-base:release/2.0", "git:main", "git:v1.2", "git:1a2b3c4"])
def test_a_commit_as_the_baseline(home, named):
    text = GOOD.replace("    checks:", f"    baseline: {named}\n    checks:")
    ref = load(home, text).config.suites["support"].baseline_ref
    assert ref is not None
    assert ref.of_commit
    assert f"{ref.kind}:{ref.name}" == named if ref.name else str(ref.kind) == named


@pytest.mark.parametrize("named", ["git:-x", "git:a b", "git:main~1", "git:HEAD@{1}", "git:a..b", "merge-base:x^"])
def test_a_commit_is_named_and_no_expression_is_worked_out(home, named):
    (said,) = refusals(home, GOOD.replace("    checks:", f"    baseline: '{named}'\n    checks:"))
    assert said == f"evalgate.yaml:8:15: the baseline '{named}' names no branch, tag or commit as git writes them"


def test_a_commit_cannot_be_the_baseline_of_one_server_for_both_sides(home):
    text = GOOD.replace("{python: answer.py:answer, workers: 2}", "{http: {url: 'http://127.0.0.1:9/'}}")
    (said,) = refusals(home, text.replace("    checks:", "    baseline: git:main\n    checks:"))
    assert said == (
        "evalgate.yaml:4:12: the baseline is a commit (git:main), and without `serve` both sides would ask the one"
        " server at http://127.0.0.1:9/: say how to start it under `serve`, or set `baseline:` to another task or null"
    )


_ENDPOINT = "endpoint/model, the endpoint being one of `endpoints`"
JUDGED = """\
suites:
  support:
    dataset: data.jsonl
    task: {command: "true"}
    evaluators:
      - judge: correctness
        model: XX
    checks: {correctness: {at_least: 1}}
endpoints:
  main: {base_url: "http://127.0.0.1:9/v1"}
"""


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        ("XX", [f"evalgate.yaml:7:16: suites.support.evaluators[0].model should be {_ENDPOINT}; it is 'XX'"]),
        ("mian/m", ["evalgate.yaml:7:16: the model's endpoint `mian` is not in `endpoints`: did you mean `main`?"]),
        ("[main/m, x/m]", ["evalgate.yaml:7:25: the model's endpoint `x` is not in `endpoints`: known: main"]),
    ],
)  # fmt: skip
def test_a_judges_models_are_at_endpoints_that_are_declared(home, judge, said):
    """One complaint each, where the model stands."""
    assert refusals(home, JUDGED.replace("XX", judge)) == said


def test_a_judges_file_must_be_there(home):
    own = "judge: tone.yaml\n        name: correctness"
    (said,) = refusals(home, JUDGED.replace("XX", "main/m").replace("judge: correctness", own))
    assert said.startswith("evalgate.yaml:6:16: the judge file 'tone.yaml' does not exist; it is looked for in")


def test_one_evaluator_in_error_is_one_complaint(home):
    """Not also that there is none."""
    (said,) = refusals(home, JUDGED.replace("judge: correctness", "judge: corectness").replace("XX", "main/m"))
    assert said == "evalgate.yaml:6:16: there is no judge `corectness`: did you mean `correctness`?"


@pytest.mark.parametrize(
    ("added", "column"),
    [
        ("endpoints:\n  own: {base_url: https://api.example.com/v1, api_key_env: EVALGATE_GITHUB_TOKEN}\n", 60),
        ("phoenix: {api_key_env: EvalGate_GitHub_Token}\n", 24),
        ("phoenix: {endpoint_env: EVALGATE_GITHUB_TOKEN}\n", 25),
    ],
)
def test_github_s_token_is_the_key_of_no_other_service(home: Path, added: str, column: int) -> None:
    config = GOOD[: GOOD.index("endpoints:")] + added
    with pytest.raises(ConfigurationError) as caught:
        load(home, config, {"EVALGATE_GITHUB_TOKEN": "ghs_secret"} if "own" in added else {})
    assert "EVALGATE_GITHUB_TOKEN is for GitHub alone: name the variable of this service's own key" in str(caught.value)
    assert re.search(rf"evalgate\.yaml:\d+:{column}: ", str(caught.value))
    assert "ghs_secret" not in str(caught.value)


def suite_with(
    task="{python: answer.py:answer}", evaluators="[json_valid]", checks="{json_valid: {at_least: 1}}", **more
):
    lines = {"dataset": "data.jsonl", "task": task, "evaluators": evaluators, "checks": checks, **more}
    declared = "".join(f"    {key}: {value}\n" for key, value in lines.items())
    return f"suites:\n  s:\n{declared}"


@pytest.mark.parametrize("file", ["../out.py", "a/../../out.py", "/out.py", "../{home}/answer.py"])
def test_what_decides_is_below_the_root_wherever_else_a_file_is(home, file):
    (home.parent / "out.py").write_text("def answer(input): ...\n")
    file = file.format(home=home.name)
    (said,) = refusals(home, suite_with(f"{{python: '{file}:answer'}}"))
    assert said.endswith(f"the Python file {file!r} leads out of the suite's `root`, '.'")


def test_a_path_may_go_up_as_far_as_it_went_down(home):
    (home / "a").mkdir()
    load(home, suite_with("{python: 'a/../answer.py:answer'}"))


def test_a_file_with_a_folder_is_a_file_whatever_its_name_ends_in(home):
    (said,) = refusals(home, suite_with("{python: 'tools/answer:answer'}"))
    assert "the Python file 'tools/answer' does not exist" in said


def test_each_evaluator_that_takes_a_name_again_is_said_with_the_first(home):
    (second, third) = refusals(home, suite_with(evaluators="[json_valid, json_valid, json_valid]"))
    assert second.endswith("(the first stands at 5:18)")
    assert third.endswith("(the first stands at 5:18)")


def test_a_neutral_score_may_be_shown(home):
    evaluators = "[json_valid, {exact_match: {}, direction: neutral}]"
    load(
        home, suite_with(evaluators=evaluators, checks="{json_valid: {at_least: 1}, exact_match: {report_only: true}}")
    )


def test_an_exported_journal_is_a_stored_baseline_too(home):
    (said,) = refusals(home, suite_with(checks="{json_valid: {improves: 0.1}}", baseline='"file:main.db"'))
    assert "improves needs both sides fresh, and the baseline 'file:main.db' is stored" in said


def test_a_dataset_may_be_anywhere(home):
    """It has a version of its own: where it lies decides nothing."""
    (home.parent / "golden.jsonl").write_text('{"id": "1", "input": {}}\n')
    load(home, suite_with(dataset="../golden.jsonl"))
