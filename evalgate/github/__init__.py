"""GitHub: what its event says, its API, the one comment of a workflow, pull requests, labels, artifacts of runs."""
