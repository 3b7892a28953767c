"""Figures and pictures of sounds and models."""
