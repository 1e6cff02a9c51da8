"""Label formats: pure converters and the files around them."""
