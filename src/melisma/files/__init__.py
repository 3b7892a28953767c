"""Melisma's own files: a model's and a latent path's, and the configuration and shapes that a model's file declares."""
