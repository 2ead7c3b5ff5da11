"""What a fork's own run reported, and deciding on it again where the fork cannot reach."""
