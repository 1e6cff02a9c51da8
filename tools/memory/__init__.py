"""What past runs taught, kept in Chroma."""
