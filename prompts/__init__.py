"""Texts given to language models, one file each."""
