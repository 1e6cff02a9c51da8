"""Proofs; the tree mirrors the code. Also holds the fakes that tests share."""
