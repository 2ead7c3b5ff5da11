"""One module per command, and the composition root where every effect is built."""
