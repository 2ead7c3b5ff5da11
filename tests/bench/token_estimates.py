"""How far the estimate of `curate export` is from a tokenizer: `python -m tests.bench.token_estimates`.

It takes bpe-openai, and writes docs/token-estimates.jsonl, which has the texts and what o200k_base and cl100k_base make
of them, and the table of docs/curation.md. tests/unit/curate/exporting/test_tokens.py holds both to what is shipped.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from evalgate.curate.exporting.tokens import estimated
from evalgate.stats import partition
from tests.curation_world.kitchen import OLD_TOPICS, asked_and_answered

RECORD = Path(__file__).parents[2] / "docs" / "token-estimates.jsonl"
PAGE = RECORD.with_name("curation.md")
BEGIN, END = "<!-- tables: tokens -->", "<!-- end of tables -->"
ENCODINGS = ("o200k_base", "cl100k_base")
CHINESE = """
您好，我上周订购的红色跑鞋到现在还没有收到，物流信息三天没有更新了。请帮我查一下包裹现在在哪里，大概什么时候可以送到？
非常抱歉给您带来不便。您的包裹目前在上海分拨中心，由于天气原因延误，预计后天下午送达。如果届时仍未收到，我们会为您全额退款。
请问这款电饭煲可以煮糙米饭吗？需要提前浸泡多长时间，水和米的比例是多少？家里有四口人，应该买多大容量的？
可以的。糙米建议浸泡两小时，水和米的比例约为一点五比一。四口之家选择四升的容量比较合适，既能煮饭也能煲汤。
我忘记了账户密码，手机号码也换了，收不到验证码。请问还有什么办法可以登录我的账户并修改绑定的手机号？
您可以通过注册时填写的邮箱找回密码。登录以后，在个人中心的安全设置里修改手机号码，新号码验证成功后立即生效。
"""


def texts() -> Iterator[tuple[str, str]]:
    """Yield (kind, text)."""
    for kind, language in (("English", "en"), ("German", "de")):
        rng = Random(f"tokens:{language}")
        yield kind, "\n".join("\n".join(asked_and_answered(rng.choice(OLD_TOPICS), language, rng)) for _ in range(20))
    yield "Chinese", CHINESE.strip()
    yield "code (Python)", inspect.getsource(partition)
    rng = Random("tokens:json")
    calls = [
        {"query": asked_and_answered(rng.choice(OLD_TOPICS), "en", rng)[0], "limit": rng.randint(1, 20), "vegan": False}
        | {
            "store": {"id": f"s{rng.randrange(10**6):06d}", "lat": round(rng.uniform(47, 55), 5)},
            "tags": ["quick", "oven"],
        }
        for _ in range(20)
    ]
    yield "JSON (arguments of tools)", "\n".join(map(json.dumps, calls))


def records() -> list[dict[str, Any]]:
    """Return what is recorded."""
    return [json.loads(line) for line in RECORD.read_text(encoding="utf-8").splitlines()]


def table(found: list[dict[str, Any]]) -> str:
    """Return the table of what was recorded, for the estimate as it is."""
    lines = [
        "| text | characters | tokens (o200k_base) | estimated | off by | (cl100k_base) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for each in found:
        text, tokens = str(each["text"]), each["tokens"]
        about = estimated(text)
        off = [f"{100 * (about / tokens[name] - 1):+.0f} %".replace("-", "−") for name in ENCODINGS]
        lines.append(f"| {each['kind']} | {len(text):,} | {tokens['o200k_base']:,} | {about:,} | {off[0]} | {off[1]} |")
    return "\n".join(lines)


def main() -> None:
    """Ask the tokenizer, and write the record and the table."""
    import bpe_openai

    encodings = {name: bpe_openai.get_encoding(name) for name in ENCODINGS}
    found = [
        {
            "kind": kind,
            "text": text,
            "tokens": {name: len(each.encode_ordinary(text)) for name, each in encodings.items()},
        }
        for kind, text in texts()
    ]
    lines = "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in found)
    RECORD.write_text(lines, encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(f"{BEGIN}\n")
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(found)}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(table(found))


if __name__ == "__main__":
    main()
