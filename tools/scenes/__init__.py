"""What images should show: the vocabulary, the scenes drawn from it, and how they are said and laid out."""
