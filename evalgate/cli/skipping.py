"""The end of a command that a label skipped: nothing was measured, which is no verdict and looks like none."""

from __future__ import annotations

import json
from collections.abc import Mapping

from evalgate.cli.commenting import Commenter
from evalgate.cli.files import say
from evalgate.cli.options import Outputs
from evalgate.cli.workflow import guarded, in_workflow, leave_after, leave_skipped


def conclude_skipped(outputs: Outputs, environ: Mapping[str, str], speaker: Commenter) -> int:
    """Say everywhere that a label skipped the gate, whose it is, and that this is no pass; return 0."""
    from evalgate.report.skipped import Skipped, render_skipped, skipped_text

    labels = speaker.labels
    skipped = Skipped(by=labels.skipped_by or "", head=labels.head)
    if in_workflow(environ):
        leave_skipped(skipped, environ)
    if not outputs.as_json:
        say(guarded(skipped_text(skipped), environ))
    else:
        say(json.dumps({"skipped": {"by": skipped.by, "head": skipped.head}}) + "\n")
    said = speaker.say(lambda _: render_skipped(skipped), None, matters=True)
    leave_after(environ, comment_url=said.url, told=[*labels.told, *said.troubles])
    return 0
