"""GitHub: its API, the one comment of a workflow, pull requests, labels that say yes, artifacts of other runs."""
