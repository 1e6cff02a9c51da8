"""What is said after a run, or while it works: questions answered, wishes taken up."""
