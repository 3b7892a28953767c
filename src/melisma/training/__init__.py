"""Training: PyTorch lives here alone. `prepare` and `plan` are imported without it."""
