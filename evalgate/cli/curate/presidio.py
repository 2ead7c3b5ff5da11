"""Presidio and the models of spaCy that it reads with: loaded from where they are installed, and never downloaded."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evalgate.cli.asking import tell
from evalgate.cli.curate.packages import INSTALL_PRESIDIO, missing_package, model_folder
from evalgate.errors import ConfigurationError

if TYPE_CHECKING:
    from evalgate.curate.cleaning.presidio import Analyse, Presidio, Said, Tell
    from evalgate.suite import curate_clean

_PEOPLE: Final = ("PERSON", "PER", "PRS", "PS", "persName")
_PLACES: Final = ("GPE", "LOC", "LOCATION", "LC", "GPE_LOC", "placeName", "geogName")
"""How spaCy's models of different languages label what they find."""
_LABELS: Final = {**dict.fromkeys(_PEOPLE, "PERSON"), **dict.fromkeys(_PLACES, "LOCATION")}
_COUNTRIES: Final = {"uk": "GB"}
_OFFLINE: Final = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_WORDS: Final = "evalgate_words"
_NAMED: Final = 0.5
"""How sure it is of a number that a word before it names, at least."""
_BATCH: Final = 64
"""Texts that a model reads together."""


def presidio_of(
    settings: curate_clean.Presidio, regions: Sequence[str], folder: Path, telling: Tell | None
) -> Presidio:
    """Return Presidio with the models of the settings, which are there; those that are folders lie in `folder`.

    Takes some seconds. Raises ConfigurationError for a package or a model that does not load.
    """
    from evalgate.curate.cleaning.presidio import Presidio

    with _offline():
        try:
            import presidio_analyzer  # noqa: F401
        except ImportError as error:
            raise missing_package("Presidio looks for personal data", error, INSTALL_PRESIDIO) from None
        tell(f"loading {len(settings.models)} of spaCy's models for Presidio")
        models = {language: _model(language, name, folder) for language, name in settings.models.items()}
        if "PERSON" in settings.kinds:
            _require_people(models, settings.models)
        return Presidio(_analyse(models, settings, regions), tuple(models), telling)


@contextmanager
def _offline() -> Iterator[None]:
    """Tell the libraries of Hugging Face that they are off line while this lasts, and what comes after it nothing.

    A model that would fetch a part of itself when it is loaded, or when it first reads, does not.
    """
    before = {name: os.environ.get(name) for name in _OFFLINE}
    os.environ.update(dict.fromkeys(_OFFLINE, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _model(language: str, name: str, folder: Path) -> Any:
    """Return a model. Raises ConfigurationError."""
    import spacy

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of another minor version: it loads, or it does not
            # Names need no tree of a sentence, which takes longest.
            return spacy.load(model_folder(name, folder) or name, disable=["parser", "senter"])
    except Exception as error:  # noqa: BLE001 whatever a model's parts raise when they are not for this spaCy
        raise ConfigurationError(
            f"clean.presidio.models.{language}: {name} does not load: {type(error).__name__}: {_first(error)}",
            next_step="install it anew for the version of spaCy that is here (python -m spacy validate)",
        ) from None


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["it says nothing"])[0][:200]


def _require_people(models: Mapping[str, Any], names: Mapping[str, str]) -> None:
    for language, model in models.items():
        labels = _labels_of(model)
        if labels.isdisjoint(_PEOPLE):
            raise ConfigurationError(
                f"clean.presidio.models.{language}: {names[language]} finds no people: its labels are"
                f" {', '.join(sorted(labels)[:12]) or 'none'}",
                next_step="name a model with a part `ner` that knows PERSON or PER, or leave PERSON out of `kinds`",
            )


def _labels_of(model: Any) -> set[str]:
    return {label for labels in model.pipe_labels.values() for label in labels}


def _analyse(models: Mapping[str, Any], settings: curate_clean.Presidio, regions: Sequence[str]) -> Analyse:
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine

    ignored = sorted({label for model in models.values() for label in _labels_of(model)} - set(_LABELS))
    languages = list(models)
    nlp = SpacyNlpEngine(
        models=[{"lang_code": language, "model_name": settings.models[language]} for language in languages],
        ner_model_configuration=NerModelConfiguration(
            model_to_presidio_entity_mapping=_LABELS, labels_to_ignore=ignored, default_score=0.85
        ),
    )
    # What it loads by itself, it downloads where it is missing.
    nlp.nlp = {language: _with_words(model) for language, model in models.items()}
    recognisers = [each for language in languages for each in _recognisers(language, settings.kinds, regions)]
    engine = AnalyzerEngine(
        registry=RecognizerRegistry(recognizers=recognisers, supported_languages=languages),
        nlp_engine=nlp,
        supported_languages=languages,
        # A weak form that a word before it names is as good as one with check digits; `lic` in `public` names nothing.
        context_aware_enhancer=LemmaContextAwareEnhancer(
            min_score_with_context_similarity=_NAMED, context_matching_mode="whole_word"
        ),
    )
    entities = sorted({entity for each in recognisers for entity in each.supported_entities})

    def read(texts: Sequence[str], language: str) -> Iterator[Sequence[Said]]:
        from evalgate.curate.cleaning.presidio import Said

        for text, artifacts in nlp.process_batch(texts, language, batch_size=_BATCH):
            found = engine.analyze(
                text, language, entities=entities, score_threshold=settings.threshold, nlp_artifacts=artifacts
            )
            yield [Said(entity=each.entity_type, start=each.start, end=each.end) for each in found]

    def analyse(texts: Sequence[str], language: str) -> Sequence[Sequence[Said]]:
        # Words that it sees for the first time are forgotten after it: memory is flat.
        with _offline(), models[language].memory_zone():
            return list(read(texts, language))

    return analyse


def _with_words(model: Any) -> Any:
    """Return a model that says of every word what it is in a dictionary, itself if nothing else tells.

    Presidio knows words beside a number by that, and many models, those for all languages among them, have none.
    """

    from spacy.language import Language

    def words(document: Any) -> Any:
        for token in document:
            if not token.lemma:
                token.lemma = token.lower
        return document

    Language.component(_WORDS, func=words)
    if not model.has_pipe(_WORDS):
        model.add_pipe(_WORDS, last=True)
    return model


def _recognisers(language: str, kinds: Sequence[str], regions: Sequence[str]) -> list[Any]:
    """Return Presidio's recognisers of what is wanted.

    Those of e-mail addresses and URLs are not among them: they ask publicsuffix.org for a list, and ours know them.
    """
    from presidio_analyzer import predefined_recognizers as theirs

    from evalgate.curate.cleaning.presidio import NUMBERS

    words = [entity for kind, entity in (("PERSON", "PERSON"), ("PLACE", "LOCATION")) if kind in kinds]
    found: list[Any] = []
    if words:
        found.append(theirs.SpacyRecognizer(supported_language=language, supported_entities=words))
    if "WALLET" in kinds:
        found.append(theirs.CryptoRecognizer(supported_language=language))
    if "ID_NUMBER" in kinds:
        for each in (getattr(theirs, name) for name in theirs.__all__):
            country = getattr(each, "COUNTRY_CODE", None)
            if country is not None and _COUNTRIES.get(country, country.upper()) in regions:
                made = each(supported_language=language)
                found += [made] if NUMBERS.issuperset(made.supported_entities) else []
    return found
