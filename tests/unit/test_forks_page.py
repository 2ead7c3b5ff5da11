"""docs/forks.md: its workflow passes the audit, and what it says is scored again is what is."""

import re
from pathlib import Path

from evalgate.gate.forks.scoring import _NOT_HERE
from evalgate.suite.evaluator_kinds import EVALUATOR_KINDS
from tests.workflow_audit import assert_audited

_ROOT = Path(__file__).parents[2]
PAGE = (_ROOT / "docs" / "forks.md").read_text("utf-8")


def test_the_maintainers_workflow_passes_the_audit(tmp_path):
    found = re.search(r"<!-- workflow: (\S+) -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found
    file = tmp_path / ".github" / "workflows" / found[1]
    file.parent.mkdir(parents=True)
    file.write_text(found[2], "utf-8")
    assert_audited(file)
    own = (_ROOT / ".github/workflows/gate.yml").read_text("utf-8")
    assert all(f"uses: {pin}\n" in own for pin in re.findall(r"uses: (actions/\S+ # v\S+)", found[2]))


def test_the_page_names_every_evaluator_that_scores_again():
    (row,) = re.findall(r"scores by evalgate's own evaluators \((.*?)\)", PAGE)
    here = {name for name, kind in EVALUATOR_KINDS.items() if kind not in _NOT_HERE}
    assert set(re.findall(r"`(\w+)`", row)) == here
