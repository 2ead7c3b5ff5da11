"""The mirror of a build in Phoenix: the journal's own, written behind it."""
