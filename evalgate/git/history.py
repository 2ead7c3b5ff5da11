"""Which commit is the base: a ref that is named, or where a change left its target; clones that end too early deepened.

Nothing is asked of a remote that is here already. What is missing is fetched, and only what is missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from evalgate.errors import BaselineError
from evalgate.git.calls import Done, unreadable
from evalgate.git.repository import Repository

_DEEPER: Final = ("--deepen=50", "--deepen=500", "--deepen=5000", "--unshallow")
_USUAL: Final = ("main", "master")
_SHA: Final = re.compile(r"[0-9a-f]{7,64}")
NAME_THE_BASE: Final = "name what to compare with: `baseline: git:<branch, tag or commit>`, or evalgate run --base <it>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """The commit that a change is compared with. `name` is what people call it, a branch or a tag."""

    commit: str
    name: str | None = None

    @property
    def label(self) -> str:
        """How reports write it: `main@1a2b3c4`."""
        return f"{self.name}@{self.commit[:7]}" if self.name else self.commit[:7]


def commit_of(repository: Repository, ref: str) -> Base:
    """Return the commit of a branch, a tag or a SHA, fetched where this clone lacks it.

    Raises BaselineError where there is none, or where it cannot be fetched.
    """
    commit = _here(repository, ref) or _of_remotes(repository, ref) or _fetched(repository, ref)
    if commit is None:
        raise BaselineError(
            f"{repository.root} has no branch, tag or commit {ref}, and neither has its remote",
            next_step=f"git fetch origin {ref}, or {NAME_THE_BASE}",
        )
    return Base(commit=commit, name=None if _SHA.fullmatch(ref) else ref)


def merge_base(repository: Repository, target: str | None = None) -> Base:
    """Return the commit at which what is checked out left `target` (default: the remote's default branch).

    A branch of the remote counts before a local one of that name, which may be old. Raises BaselineError where there
    is no such commit, where no target is known, and where the history that would tell cannot be had.
    """
    head = repository.head()
    if head is None:
        raise BaselineError(
            f"nothing is committed yet in {repository.root}: there is no commit to compare with",
            next_step="commit what you ship today; what you change from then on is compared with it",
        )
    named, tip = _target(repository, target)
    for deeper in ("", *_DEEPER):
        if deeper:
            _deepen(repository, deeper, f"where it left {named}")
        found = _settled(repository, head, tip)
        if found is not None:
            return Base(commit=found, name=named)
        if not _boundary(repository):
            break
    raise BaselineError(
        f"HEAD ({head[:7]}) and {named} ({tip[:7]}) have no commit in common: there is no merge base",
        next_step=NAME_THE_BASE,
    )


def default_branch(repository: Repository) -> str | None:
    """Return the name of the branch that is shipped, as this clone knows it; no remote is asked.

    The remote's default branch, else `main` or `master`, else what is checked out.
    """
    remote = _remote(repository)
    named = _default_branch(repository, remote) if remote is not None else None
    known = (name for name in _USUAL if _here(repository, f"refs/heads/{name}") is not None)
    return named or next(known, None) or repository.branch()


def first_parent(repository: Repository, name: str | None) -> Base | None:
    """Return the first parent of what is checked out, a merge: what a pull request was merged into. None for no merge.

    Raises BaselineError where the parent cannot be fetched.
    """
    told = repository.git.call(repository.root, "cat-file", "commit", "HEAD")
    header = told.text.partition("\n\n")[0] if told is not None and told.code == 0 else ""
    # Read from the commit itself: in a clone of depth 1 its parents are hidden from HEAD^1.
    parents = re.findall(r"^parent ([0-9a-f]+)$", header, re.MULTILINE)
    if len(parents) < 2:
        return None
    return Base(commit=commit_of(repository, parents[0]).commit, name=name)


def _target(repository: Repository, target: str | None) -> tuple[str, str]:
    """Return what the target is called and its commit."""
    if target is not None:
        commit = _of_remotes(repository, target) or _here(repository, target) or _fetched(repository, target)
        if commit is None:
            raise BaselineError(
                f"{repository.root} has no branch, tag or commit {target}, and neither has its remote",
                next_step=f"git fetch origin {target}, or {NAME_THE_BASE}",
            )
        return target, commit
    remote = _remote(repository)
    named = _default_branch(repository, remote) if remote else None
    for name in filter(None, (named, *_USUAL)):
        commit = _of_remotes(repository, name) or (None if remote else _here(repository, f"refs/heads/{name}"))
        if commit is not None:
            return name, commit
    if remote is not None and (told := _asked_default(repository, remote)) is not None:
        commit = _of_remotes(repository, told) or _fetched(repository, told)
        if commit is not None:
            return told, commit
    for name in _USUAL:
        if (commit := _here(repository, f"refs/heads/{name}")) is not None:
            return name, commit
    branch, head = repository.branch(), repository.head()
    if remote is None and branch is not None and head is not None and _only_branch(repository):
        return branch, head
    raise BaselineError(
        f"nobody says what {repository.root} is compared with: it has no origin/HEAD and no branch main or master",
        next_step=NAME_THE_BASE,
    )


def _settled(repository: Repository, head: str, tip: str) -> str | None:
    """Return the merge base; None where there is none, or where hidden history could hold a nearer one."""
    done = repository.git.call(repository.root, "merge-base", head, tip)
    if done is None or done.code > 1:
        raise unreadable(repository.root, done)
    found = done.text.strip() or None
    boundary = _boundary(repository)
    if found is None or not boundary:
        return found
    between = repository.git.call(repository.root, "rev-list", head, tip, f"^{found}")
    if between is None or between.code != 0:
        raise unreadable(repository.root, between)
    return None if boundary & set(between.text.split()) else found


def _boundary(repository: Repository) -> set[str]:
    """Return the commits at which a shallow clone ends; none where it is whole."""
    done = repository.git.call(repository.root, "rev-parse", "--git-path", "shallow")
    path = repository.root / done.text if done is not None and done.code == 0 else None
    try:
        return set(path.read_text(encoding="ascii").split()) if path is not None else set()
    except FileNotFoundError:
        return set()


def _deepen(repository: Repository, how: str, what: str) -> None:
    """Fetch older history from where it ends here. Raises BaselineError where that cannot be had."""
    remote = _remote(repository)
    done = None
    if remote is not None:
        # The commits at the end are wanted by name: they came from there, whatever was committed here on top of them.
        ends = sorted(_boundary(repository)) if how != "--unshallow" else []
        done = _fetch(repository, how, remote, *ends)
    if done is None or done.code != 0:
        said = f"git fetch says: {done.why}" if done is not None else "it has no remote to fetch more from"
        raise BaselineError(
            f"this clone is shallow, its history ends before {what}; {said}",
            next_step="git fetch --unshallow; in a workflow, `fetch-depth: 0` at actions/checkout",
        )


def _fetched(repository: Repository, ref: str) -> str | None:
    """Return the commit that a remote has by a name that is not known here, fetched; None where it has none.

    Raises BaselineError where the remote cannot be asked.
    """
    remote = _remote(repository)
    if remote is None:
        return None
    depth = ["--depth=1"] if _boundary(repository) else []  # never in a whole clone: it would make it shallow
    if _SHA.fullmatch(ref) and len(ref) >= 40:
        _fetch(repository, *depth, remote, ref)
        return _here(repository, ref)
    wanted = (f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/tags/{ref}^{{}}")
    told = repository.git.without_programs(repository.root).reach(
        repository.root, "ls-remote", "--quiet", "--", remote, *wanted
    )
    if told is None or told.code != 0:
        raise _unreachable(remote, ref, told)
    refs = {name: commit for commit, _, name in (line.partition("\t") for line in told.text.splitlines())}
    name = next((name for name in wanted[:2] if name in refs), None)
    if name is None:
        return None
    commit = refs.get(wanted[2], refs[name]) if name == wanted[1] else refs[name]
    if (found := _here(repository, commit)) is not None:
        return found
    kept = f"refs/remotes/{remote}/{ref}" if name == wanted[0] else name
    done = _fetch(repository, *depth, remote, f"+{name}:{kept}")
    if done is None or done.code != 0:
        raise _unreachable(remote, ref, done)
    return _here(repository, commit)


def _unreachable(remote: str, ref: str, done: Done | None) -> BaselineError:
    said = done.why if done is not None else "git did not answer in time"
    return BaselineError(
        f"this clone has no {ref}, and git cannot ask {remote} for it: {said}",
        next_step=f"git fetch {remote} {ref}; in a workflow, `fetch-depth: 0` at actions/checkout",
    )


def _fetch(repository: Repository, *arguments: str) -> Done | None:
    quiet = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
    git = repository.git.without_programs(repository.root)
    return git.reach(repository.root, "fetch", *quiet, *arguments)


def _remote(repository: Repository) -> str | None:
    """Return the remote that is asked: origin, or the only one there is."""
    done = repository.git.call(repository.root, "remote")
    names = [name for name in (done.text.splitlines() if done else []) if not name.startswith("-")]
    return "origin" if "origin" in names else names[0] if len(names) == 1 else None


def _default_branch(repository: Repository, remote: str) -> str | None:
    """Return the remote's default branch as this clone remembers it."""
    done = repository.git.call(repository.root, "symbolic-ref", "--quiet", f"refs/remotes/{remote}/HEAD")
    return done.text.removeprefix(f"refs/remotes/{remote}/") if done is not None and done.code == 0 else None


def _asked_default(repository: Repository, remote: str) -> str | None:
    """Return the remote's default branch as the remote says it."""
    git = repository.git.without_programs(repository.root)
    done = git.reach(repository.root, "ls-remote", "--quiet", "--symref", "--", remote, "HEAD")
    found = re.search(r"^ref: refs/heads/(\S+)\tHEAD$", done.text, re.MULTILINE) if done and done.code == 0 else None
    return found[1] if found else None


def _only_branch(repository: Repository) -> bool:
    done = repository.git.call(repository.root, "for-each-ref", "--format=%(refname)", "refs/heads")
    return done is not None and len(done.text.splitlines()) == 1


def _of_remotes(repository: Repository, name: str) -> str | None:
    remote = _remote(repository)
    return _here(repository, f"refs/remotes/{remote}/{name}") if remote is not None else None


def _here(repository: Repository, ref: str) -> str | None:
    """Return the commit of a name that this clone knows."""
    done = repository.git.call(
        repository.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"
    )
    return done.text.strip() or None if done is not None and done.code == 0 else None
