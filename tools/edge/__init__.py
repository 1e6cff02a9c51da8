"""Models for small devices: other forms of the weights, and what each form costs in scores and gains in time."""
