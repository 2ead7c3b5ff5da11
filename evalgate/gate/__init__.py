"""The whole: what must be measured, on which sides, and what the journal then says."""
