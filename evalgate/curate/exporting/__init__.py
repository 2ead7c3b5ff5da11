"""Golden examples as files for fine-tuning: lines as the provider publishes them, train apart from hold-out."""
