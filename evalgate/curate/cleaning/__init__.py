"""What is wrong with candidates: personal data, secrets, duplicates, errors; found, said and put right. Pure."""
