"""What labelled traces have in common: patterns, fixes, rules that can be checked, tests, and guidelines."""
