"""Keys, tokens and passwords in texts: by how providers begin them, by what is said before them, by chance.

No library: those that look for secrets read source code line by line, and know fewer of the keys that people paste into
a chat.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from evalgate.curate.cleaning.findings import Finding, Kind, folded, has_any

_KNOWN: Final = (
    r"sk-(?:proj-|svcacct-|admin-|ant-|or-v1-|lf-)?[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic, OpenRouter, Langfuse
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",  # AWS
    r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,}|gl(?:pat|rt|dt|ptt)-[\w-]{20,}",
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}",  # Slack
    r"AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}",  # Google
    r"[spr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{20,}",  # Stripe
    r"hf_[A-Za-z0-9]{30,}|r8_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{30,}|xai-[A-Za-z0-9]{30,}|pplx-[A-Za-z0-9]{30,}",
    r"nvapi-[\w-]{30,}|tvly-[\w-]{20,}|lsv2_(?:pt|sk)_[A-Za-z0-9_]{30,}|dapi[0-9a-f]{32}",
    r"npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,}|dckr_pat_[\w-]{20,}",
    r"SG\.[\w-]{16,}\.[\w-]{16,}|SK[0-9a-f]{32}\b|key-[0-9a-f]{32}\b",  # SendGrid, Twilio, Mailgun
    r"\d{8,10}:AA[\w-]{33}|[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,}",  # bots of Telegram, Discord
    r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",  # JSON web tokens
    r"do[opr]_v1_[0-9a-f]{32,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|hvs\.[\w-]{24,}",
    r"lin_api_[A-Za-z0-9]{30,}|ntn_[A-Za-z0-9]{30,}|figd_[\w-]{30,}|PMAK-[0-9a-f-]{40,}|ATATT3[\w=-]{50,}",
)
_PATTERNS: Final = (
    (
        "-----BEGIN ",
        re.compile(
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]{0,30}-----|\Z)", re.DOTALL
        ),
    ),
    ("", re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(_KNOWN)})")),
    ("hooks.slack.com", re.compile(r"hooks\.slack\.com/services/(?P<value>T\w+/B\w+/\w+)")),
    ("://", re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,100}:(?P<value>[^\s/@]{3,200})@")),
    ("=", re.compile(r"(?:AccountKey|SharedAccessKey|[?&]sig)=(?P<value>[A-Za-z0-9+/%]{30,}=*)")),
)
"""Each with what has to be in a text for it to be looked for."""
_TOLD: Final = re.compile(
    r"""(?i)(?:\b|_)(?P<what>bearer|basic|api[ _-]?key|secret(?:[ _-]?(?:access[ _-]?)?key)?|client[ _-]?secret
    |access[ _-]?key|(?:access|auth|refresh|api)?[ _-]?token|pass(?:word|code|phrase)|passwd|pwd|passwort|kennwort
    |mot[ ]de[ ]passe|contrase[ñn]a|senha|wachtwoord|has[łl]o)
    ["']?(?:\s*(?:[:=]|\bis\b|\bist\b|\best\b|\bes\b|\bè\b|\bé\b)\s*|\s+)["'`]?(?P<value>[^\s"'`,;<>(){}]{6,500})""",
    re.VERBOSE,
)
_TELLING: Final = (
    "bearer",
    "basic",
    "key",
    "secret",
    "token",
    "pass",
    "pwd",
    "kennwort",
    "contrase",
    "senha",
    "wachtwoord",
    "has",
)
"""Of these some are in whatever `_TOLD` finds; to look for them takes a twentieth of its time."""
_WORDS: Final = frozenset({"pass", "passwd", "pwd", "contra", "senha", "mot", "kenn", "wacht", "has"})
_LONG: Final = re.compile(r"(?<![\w/+.=:-])[A-Za-z0-9+/_-]{40,200}={0,2}(?![\w/+.-])")
_BITS: Final = 4.4
"""Bits a letter from which a long run of letters is no name of anything."""
FIELDS: Final = re.compile(
    r"(?i)^(?:.*[_-])?(?:api_?key|secret|client_?secret|access_?key|private_?key|password|passwd|pwd|passphrase"
    r"|(?:access|auth|refresh|api|bearer|id)?_?token|authorization|cookie|credentials?)$"
)
"""Names of fields whose value is a secret."""


def secrets_in(text: str) -> Iterator[Finding]:
    """Yield the secrets of a text; those of one place may overlap."""
    for sign, pattern in _PATTERNS:
        for found in pattern.finditer(text) if sign in text else ():
            start, end = found.span("value" if pattern.groups else 0)
            yield Finding(start=start, end=end, kind=Kind.SECRET)
    for found in _TOLD.finditer(text) if has_any(folded(text), _TELLING) else ():
        value = found["value"].rstrip(".!?:")
        if _secret(value, found["what"].casefold()):
            yield Finding(start=found.start("value"), end=found.start("value") + len(value), kind=Kind.SECRET)
    for found in _LONG.finditer(text):
        if _chance(found[0]):
            yield Finding(start=found.start(), end=found.end(), kind=Kind.SECRET)


def _secret(value: str, what: str) -> bool:
    """Return whether what follows such a word is one: a word of a sentence has no digit in it."""
    digits, letters = any(map(str.isdigit, value)), any(map(str.isalpha, value))
    if what.startswith(tuple(_WORDS)):
        mixed = any(map(str.islower, value)) and any(map(str.isupper, value[1:]))
        return (digits and (letters or len(value) >= 6)) or mixed
    return digits and letters and len(value) >= 16


def _chance(text: str) -> bool:
    """Return whether a long run of letters was drawn by chance: all kinds of them, evenly."""
    kinds = (str.isupper, str.islower, str.isdigit)
    return all(any(kind(letter) for letter in text) for kind in kinds) and _bits(text) >= _BITS


def _bits(text: str) -> float:
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values())
