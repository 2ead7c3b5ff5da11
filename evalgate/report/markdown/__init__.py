"""Markdown as GitHub shows it: the job summary whole, and the pieces that it shares with the comment."""

from evalgate.report.markdown.summary import render_error, render_summary

__all__ = ["render_error", "render_summary"]
