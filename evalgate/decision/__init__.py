"""Pure: pairing, comparison, rules, verdict, and the words of each. Evidence in, a decision out."""
