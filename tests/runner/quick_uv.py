"""A program that stands for uv: what it installs is the packages that the tests themselves have, at once.

It takes what action.yml says to uv and refuses the rest; each call is a line in `calls.log` beside it.
"""

from __future__ import annotations

import json
import sys
import sysconfig
import venv
from pathlib import Path


def written(folder: Path) -> Path:
    """Write the program into a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "uv"
    if not program.exists():
        given = f"init_globals={{'HERE': {str(folder)!r}}}, run_name='__main__'"
        program.write_text(f"#!{sys.executable} -I\nimport runpy\nrunpy.run_path({__file__!r}, {given})\n")
        program.chmod(0o755)
    return program


def main(arguments: list[str], here: Path) -> None:
    """Make an environment, or fill one."""
    with (here / "calls.log").open("a") as log:
        log.write(json.dumps({"arguments": arguments, "folder": str(Path.cwd())}) + "\n")
    match arguments:
        case ["venv", *options, folder]:
            assert {"--no-config", "--no-project", "--clear"} <= {*options}, arguments
            venv.create(folder, clear=True, symlinks=True, with_pip=False)
        case ["pip", "sync", *options]:
            assert {"--no-config", "--require-hashes", "--only-binary"} <= {*options}, arguments
            place = Path(options[options.index("--python") + 1])
            files = [Path(each) for each in options if each.endswith(".txt")]
            assert files, arguments
            assert all(file.is_file() for file in files), arguments
            (site,) = place.glob("lib/python*/site-packages")
            (site / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
        case _:
            sys.exit(f"uv: this is not emulated: {arguments}")


if __name__ == "__main__":
    main(sys.argv[1:], Path(globals()["HERE"]))
