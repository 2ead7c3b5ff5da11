"""What the user declares: config models, their loading with places of errors, the cascade, fingerprints."""
