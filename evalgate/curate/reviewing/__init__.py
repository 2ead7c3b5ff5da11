"""People's decisions on candidates: made in a terminal, a file or Phoenix, appended, and never changed."""
