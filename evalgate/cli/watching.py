"""What a person sees while a build runs: the engine's events, counted into the progress line."""

from __future__ import annotations
