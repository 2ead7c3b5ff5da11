"""A config as a release decides by it: what `release:` asks for laid over its checks and its policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from evalgate.suite.checks import Check, NoRegression, Policy, Threshold
from evalgate.suite.config import Config, Suite
from evalgate.suite.model import nearest
from evalgate.suite.release import Release, ReleaseCheck
from evalgate.suite.shape import Path
from evalgate.suite.wording import Complaint


def released(config: Config) -> Config:
    """Return the config as a release decides by it: no observing, nothing unmeasured let through, stricter checks."""
    release = config.release
    asked = {name: release.checks.get(name, {}) for name in config.suites}
    return config.model_copy(
        update={
            "policy": _policy(config.policy, release),
            "suites": {name: _suite(suite, asked[name]) for name, suite in config.suites.items()},
        }
    )


def _policy(policy: Policy, release: Release) -> Policy:
    runs = "confirm" if policy.baseline_runs == "stored" else policy.baseline_runs
    strict = {"mode": "enforce", "on_unmeasurable": "fail", "on_inconclusive": release.on_inconclusive}
    return policy.model_copy(update={**strict, "baseline_runs": runs})


def _suite(suite: Suite, asked: Mapping[str, ReleaseCheck]) -> Suite:
    checks = {name: _check(check, asked[name]) if name in asked else check for name, check in suite.checks.items()}
    return suite.model_copy(update={"checks": checks})


def _check(check: Check, asked: ReleaseCheck) -> Check:
    """Return a check with what is asked of it besides; it gates then, whatever it did before."""
    update: dict[str, Any] = {"report_only": False}
    margins = {key: getattr(asked, key) for key in ("rule_out_drop", "allow_increase")}
    if given := {key: value for key, value in margins.items() if value is not None}:
        update["no_regression"] = _margin(check.no_regression or NoRegression(**given), given)
    for key in ("at_least", "at_most"):
        if (value := getattr(asked, key)) is not None:
            mode = getattr(check, key).mode if getattr(check, key) is not None else "point"
            update[key] = Threshold(threshold=value, mode=mode)
    return check.model_copy(update=update)


def _margin(rule: NoRegression, given: Mapping[str, float]) -> NoRegression:
    ignored = min(rule.ignore_drop_under, given.get("rule_out_drop", 1.0))
    return rule.model_copy(update={**given, "ignore_drop_under": ignored})


def wrong_with_release(release: Release, suites: Mapping[str, Suite]) -> Iterator[Complaint]:
    """Yield what `release.checks` asks of nothing that there is, and where it asks for less than a merge does."""
    for name, checks in release.checks.items():
        path: Path = ("release", "checks", name)
        suite = suites.get(name)
        if suite is None:
            yield Complaint(path, f"there is no suite `{name}`: {nearest(name, suites)}", on_key=True)
            continue
        for check, asked in checks.items():
            if check not in suite.checks:
                found = nearest(check, suite.checks)
                yield Complaint((*path, check), f"suite {name} has no check `{check}`: {found}", on_key=True)
            else:
                yield from _of_check(suite, check, asked, (*path, check))


def _of_check(suite: Suite, name: str, asked: ReleaseCheck, path: Path) -> Iterator[Complaint]:
    is_resource = suite.resource(name) is not None
    key = "rule_out_drop" if is_resource else "allow_increase"
    if getattr(asked, key) is not None:
        other = "allow_increase" if is_resource else "rule_out_drop"
        yield Complaint((*path, key), f"`{key}` means nothing for {name}: say {other}", on_key=True)
    if is_resource and asked.at_least is not None:
        yield Complaint((*path, "at_least"), f"of {name} less is better: say at_most", on_key=True)
    for key, own, looser in _against_own(suite.checks[name], asked):
        if looser:
            yield Complaint(
                (*path, key),
                f"a release asks for no less than a merge: {key} is {own:g} for the check itself",
            )


def _against_own(check: Check, asked: ReleaseCheck) -> Iterator[tuple[str, float, bool]]:
    """Yield (key, what the check itself says, whether the release is looser) of what both say."""
    rule = check.no_regression
    for key in ("rule_out_drop", "allow_increase"):
        value = getattr(asked, key)
        if rule is not None and value is not None:
            yield key, getattr(rule, key), value > getattr(rule, key)
    if check.at_least is not None and asked.at_least is not None:
        yield "at_least", check.at_least.threshold, asked.at_least < check.at_least.threshold
    if check.at_most is not None and asked.at_most is not None:
        yield "at_most", check.at_most.threshold, asked.at_most > check.at_most.threshold


def wrong_with_key(release: Release, suites: Mapping[str, Suite]) -> Iterator[Complaint]:
    """Yield where a task could read the key that verdicts are signed with: its `env` names that variable."""
    if release.key_env is None:
        return
    for name, suite in suites.items():
        for path, patterns in _named_variables(name, suite):
            for index, pattern in enumerate(patterns):
                if _matches(release.key_env, pattern):
                    yield Complaint(
                        (*path, index),
                        f"`{pattern}` would hand {release.key_env} to the task, and it signs verdicts"
                        " (`release.key_env`): leave it out, or name that variable otherwise",
                    )


def _named_variables(name: str, suite: Suite) -> Iterator[tuple[Path, tuple[str, ...]]]:
    yield ("suites", name, "task", "env"), tuple(getattr(suite.task, "env", ()))
    for index, evaluator in enumerate(suite.evaluators):
        yield ("suites", name, "evaluators", index, "env"), tuple(getattr(evaluator, "env", ()) or ())


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern)
