"""Poor photos made better: less noise, sharper, larger, marked regions filled in. Originals are only read."""
