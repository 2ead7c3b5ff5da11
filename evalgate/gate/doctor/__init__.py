"""What would stop a run, looked for before anything is paid."""
