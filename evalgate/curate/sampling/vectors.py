"""What texts are about, without a model: their words as vectors whose product says how much two texts share. Pure.

Words are weighed by how few texts have them (TF-IDF), and brought into a few dimensions in which words that stand
together are one (latent semantic analysis, by the randomised projection of Halko, Martinsson and Tropp 2011).
"""

from __future__ import annotations

import re
import zlib
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evalgate.curate.texts.wording import normalised
from evalgate.stats.chance import Chance

READ: Final = 4_000
"""Characters of a text that count: what it is about is said before that."""
_WORD: Final = re.compile(r"[^\W_]+")
_UNSPACED: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_STEM: Final = 5
_SHORT: Final = 3
_SLOTS: Final = 2**18
_DIMENSIONS: Final = 64
_OF_GROUPS: Final = 32
_SAYS_LITTLE: Final = 0.3
"""A text whose vector is shorter is about nothing that others are about."""
_SPARE: Final = 16
_TURNS: Final = 2


def words(text: str) -> Iterator[str]:
    """Yield the words of a text; pairs of letters where a script has no spaces."""
    for word in _WORD.findall(normalised(text[:READ])):
        if _UNSPACED.search(word):
            yield from (word[place : place + 2] for place in range(max(1, len(word) - 1)))
        elif len(word) > 1:
            yield word


def vectors_of_words(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return a vector for each text, of length 1 at most: the product of two is their likeness, 0 where nothing is.

    A text of words that no other has is like none, itself included. The vectors depend on all the texts, in whatever
    order: whoever compares two kinds of texts makes the vectors of both together.
    """
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    # Numbers and no objects: of 50,000 texts there are millions.
    counts, slots, ends = array("d"), array("i"), array("i", [0])
    for text in texts:
        for slot, times in sorted(Counter(_slots(text)).items()):
            slots.append(slot)
            counts.append(_weight(times))
        ends.append(len(slots))
    matrix = csr_matrix(tuple(map(np.asarray, (counts, slots, ends))), shape=(len(texts), _SLOTS))
    having = np.bincount(matrix.indices, minlength=_SLOTS)
    rarity = np.log((1 + len(texts)) / (1 + having))
    matrix.data *= rarity[matrix.indices]
    lengths = np.sqrt(np.asarray(matrix.power(2).sum(axis=1)).ravel())
    matrix.data *= np.repeat(1 / np.maximum(lengths, 1e-12), np.diff(matrix.indptr))
    # What is large goes when it is no longer needed.
    del counts, slots, ends
    matrix = matrix[:, np.flatnonzero(having > 1)]
    return _condensed(matrix)


@cache
def _weight(times: int) -> float:
    """Return what a word counts that a text has so many times."""
    return float(1 + np.log(times))


def vectors_of_model(found: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Return a model's vectors as `vectors_of_words` has them: around their middle, in as few dimensions."""
    raw = np.asarray(found, dtype=np.float64).reshape(len(found), -1)
    lengths = np.sqrt((raw**2).sum(axis=1, keepdims=True))
    centred = raw / np.maximum(lengths, 1e-12)
    centred = centred - centred.mean(axis=0)
    lengths = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    return _condensed(np.where(lengths > 1e-9, centred / np.maximum(lengths, 1e-12), 0.0))


def for_groups(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what groups are made by: the strongest directions alone, all texts that are about something as long.

    Held to planted topics: with more directions groups are of chance words too, with fewer they are of several topics.
    """
    strongest = vectors[:, :_OF_GROUPS]
    lengths = np.sqrt((strongest**2).sum(axis=1, keepdims=True))
    scaled: NDArray[np.float64] = strongest / np.maximum(lengths, _SAYS_LITTLE)
    return scaled


def telling_words(texts: Sequence[str], groups: Sequence[int], *, most: int = 3) -> list[str]:
    """Return a name for each group: the words that more of its texts have than of all others, the most telling first.

    Groups are numbered from 0. A name is taken once: the next best words are added where another group has it. Words of
    up to three letters come last: in most languages they are those that say nothing of what a text is about.
    """
    sizes = Counter(groups)
    within: dict[int, Counter[str]] = {group: Counter() for group in sizes}
    for text, group in zip(texts, groups, strict=True):
        within[group].update(set(words(text)))
    everywhere: Counter[str] = sum(within.values(), Counter())
    names: list[str] = []
    for group in range(max(sizes, default=-1) + 1):
        others = max(1, len(texts) - sizes[group])
        score = {
            word: times / sizes[group] - (everywhere[word] - times) / others
            for word, times in within[group].items()
            if not word.isdigit() and (times > 1 or sizes[group] == 1)
        }
        best = sorted((word for word in score if score[word] > 0), key=lambda word: (_short(word), -score[word], word))
        names.append(_free(best, most, names, f"group {group + 1}"))
    return names


def _short(word: str) -> bool:
    return len(word) <= _SHORT and not _UNSPACED.search(word)


def _free(best: Sequence[str], most: int, taken: Sequence[str], otherwise: str) -> str:
    for count in range(most, len(best) + 1):
        name = ", ".join(word[:30] for word in best[:count])
        if name not in taken:
            return name
    name = ", ".join(word[:30] for word in best[:most])
    return name if name and name not in taken else otherwise


def _slots(text: str) -> Iterator[int]:
    for word in words(text):
        yield _slot(word)
        if len(word) > _STEM:
            yield _slot(f"{word[:_STEM]}-")


def _slot(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass")) % _SLOTS


def _condensed(matrix: Any) -> NDArray[np.float64]:
    """Return a matrix's rows along its strongest directions, those first: their products are nearly the same."""
    rows, columns = matrix.shape
    rank = min(_DIMENSIONS, rows, columns)
    if rank == 0:
        return np.zeros((rows, 1))
    sketch = Chance(0, "sketch").signs(columns, min(rank + _SPARE, rows, columns))
    basis = np.linalg.qr(matrix @ sketch)[0]
    for _ in range(_TURNS):
        turned = matrix.T @ basis
        del basis
        basis = np.linalg.qr(matrix @ turned)[0]
    small = (matrix.T @ basis).T
    left, strengths, _ = np.linalg.svd(small, full_matrices=False)
    found: NDArray[np.float64] = (basis @ left[:, :rank]) * strengths[:rank]
    return found
