"""What turns an answer into a score: built-in code evaluators, sql, phoenix-evals by name, user functions."""
