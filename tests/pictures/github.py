"""Markdown drawn as GitHub draws a comment, by its own style sheet, in a browser without a window."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.browser import page
from tests.e2e.node import installed
from tests.github_markdown import to_html

HERE = Path(__file__).parent
WIDE, NARROW = 920, 360
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><style>{style}
body {{ margin: 0; padding: 16px; background: {back}; font-family: sans-serif; }}
.box {{ border: 1px solid {line}; border-radius: 6px; padding: 16px; background: {back}; }}
.markdown-body {{ font-size: 14px; }}
</style></head><body><div class="box"><article class="markdown-body">{html}</article></div></body></html>"""
_COLOURS = {"light": ("#ffffff", "#d1d9e0"), "dark": ("#0d1117", "#3d444d")}


def drawn(texts: Mapping[str, str], folder: Path, *, unfolded: bool = False) -> dict[str, bytes]:
    """Return PNG files by `name.theme.width`. `folder` is for the browser and what it reads."""
    css = installed(HERE, "package.json", folder) / "node_modules" / "github-markdown-css"
    styles = {theme: (css / f"github-markdown-{theme}.css").read_text("utf-8") for theme in _COLOURS}
    return asyncio.run(_drawn(texts, styles, folder, unfolded=unfolded))


async def _drawn(
    texts: Mapping[str, str], styles: Mapping[str, str], folder: Path, *, unfolded: bool
) -> dict[str, bytes]:
    found = {}
    async with page(folder / "browser") as browser:
        for name, text in texts.items():
            html = _coloured(to_html(text))
            html = html.replace("<details>", "<details open>") if unfolded else html
            for theme, style in styles.items():
                back, line = _COLOURS[theme]
                file = folder / f"{name}.{theme}.html"
                file.write_text(_PAGE.format(style=style, back=back, line=line, html=html), "utf-8")
                for width in (WIDE, NARROW):
                    found[f"{name}.{theme}.{width}"] = await browser.whole(file.as_uri(), width=width)
    return found


def _coloured(html: str) -> str:
    """Colour blocks as GitHub does: what a diff takes away and brings, and what a command is remarked with."""

    def diff(found: re.Match[str]) -> str:
        lines = re.sub(r"(?m)^-.*$", r'<span class="pl-md">\g<0></span>', found.group(2))
        return found.group(1) + re.sub(r"(?m)^\+.*$", r'<span class="pl-mi1">\g<0></span>', lines) + found.group(3)

    def shell(found: re.Match[str]) -> str:
        return found.group(1) + re.sub(r"  # .*", r'<span class="pl-c">\g<0></span>', found.group(2)) + found.group(3)

    html = re.sub(r'(<pre lang="diff"><code>)(.*?)(</code></pre>)', diff, html, flags=re.DOTALL)
    return re.sub(r'(<pre lang="sh"><code>)(.*?)(</code></pre>)', shell, html, flags=re.DOTALL)
