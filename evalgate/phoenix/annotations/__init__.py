"""What people and programs said in Phoenix: of spans, and of the runs of experiments."""
