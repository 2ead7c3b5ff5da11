"""A runner of GitHub workflows on this machine: composite actions and small workflows, executed step by step.

What exists for this (`act`) runs steps in Docker images that have to be downloaded, and the real actions with them: a
test on a machine without either needs one that is small. Steps with `run:` are executed for real, `uses:` of a folder
too; those of `actions/*` and `astral-sh/*` are emulated in `actions`, as far as it matters here.
"""
