"""A gate that was skipped says so loudly, and obeys nothing that a login could hold."""

from evalgate.report.skipped import Skipped, render_skipped, skipped_annotation, skipped_text

SKIPPED = Skipped(by="octocat", head="1a2b3c4d" * 5)


def test_it_is_no_pass():
    assert render_skipped(SKIPPED) == (
        "### ⏭️ SKIPPED: nothing was measured. octocat set the label evalgate:skip for <code>1a2b3c4</code>.\n\n"
        "This is no pass: nobody knows whether the change is worse. The next push is measured again, unless the label"
        " is set again.\n"
    )
    assert skipped_text(SKIPPED).startswith("SKIPPED: nothing was measured. octocat set the label")
    assert skipped_annotation(SKIPPED).startswith("::warning title=evalgate SKIPPED::nothing was measured.")


def test_a_name_is_text():
    odd = Skipped(by="<b>@all\n::error::x", head="1a2b3c4d" * 5)
    assert "<b>" not in render_skipped(odd)
    assert "\n::error" not in skipped_text(odd) + skipped_annotation(odd)
