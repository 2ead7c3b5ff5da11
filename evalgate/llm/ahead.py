"""What the first call of a model would have to wait for, imported beside other work: git's, the disk's."""

from __future__ import annotations

from threading import Thread


def import_for_calls() -> None:
    """Begin to import it. Who calls nobody, since every answer is kept, needs none of it."""
    Thread(target=_import_for_calls).start()  # no daemon: one that is ended amid an import may take the exit along


def _import_for_calls() -> None:
    import evalgate.llm.transport  # noqa: F401
    from evalgate.llm.prices import load

    load()
