"""How long the action takes on the demo, cold and warm: `python -m tests.bench.action_speed`.

Its steps are run by the tests' runner on a pull request, with the real uv. Cold has an empty cache of uv and nothing
recorded; then the job is run again, and a push follows that changes nothing measured. Setting Python and uv up, and the
network of a real runner, are not in it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tests.e2e.hub import Hub
from tests.e2e.project import REPOSITORY
from tests.e2e.repository import Repo
from tests.runner.host import Host
from tests.runner.steps import Job


def told(name: str, job: Job, before: float) -> None:
    """Print the seconds of each step, those of the processor, and what was installed."""
    assert job.steps["gate"].outputs["verdict"] == "FAIL", job.text
    steps = {each: f"{step.seconds:.1f}" for each, step in job.steps.items() if step.seconds >= 0.05}
    files = [path for path in (job.temp / "evalgate-venv").rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files) / 1e6
    print(f"{name}: {steps}; {processor() - before:.1f} s of a processor; {size:.0f} MB installed")


def processor() -> float:
    """Return the seconds that processes took which ended."""
    used = os.times()
    return used.children_user + used.children_system


def main() -> None:
    """Measure a first push, a re-run and a second push."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        os.environ["UV_CACHE_DIR"] = str(top / "uv")
        repo = Repo(top / "repo").begin()
        shutil.copytree(REPOSITORY / "datasets", repo.folder / "datasets", ignore=shutil.ignore_patterns("__pycache__"))
        repo.commit("demo")
        host = Host(folder=top / "host", origin=repo.folder, actions={"evalgate/evalgate": REPOSITORY})
        hub = Hub(repo, host)
        for name in ("cold", "second push"):
            repo.git("checkout", "-q", "-B", "change")
            repo.write("notes.md", name)
            repo.commit(name)
            repo.git("checkout", "-q", "main")
            event = hub.pull(1, "change")
            for each, of in ((name, event), ("re-run", event.again())) if name == "cold" else ((name, event),):
                before = processor()
                told(each, hub.run(of, config="datasets/demo.yaml"), before)


if __name__ == "__main__":
    main()
