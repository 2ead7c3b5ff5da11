"""What a gate found, on its way back into the dataset: golden examples up for review, and their like in production."""
