"""GitHub: its event, its API, the one comment of a workflow, labels that say yes, artifacts of other runs."""
