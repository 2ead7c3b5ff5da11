"""What a model proposes of candidates: the answer that should have been given, labels of a taxonomy, why."""
