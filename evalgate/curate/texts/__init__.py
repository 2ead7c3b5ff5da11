"""What the texts of candidates say, and which of them say nearly the same. Pure."""
