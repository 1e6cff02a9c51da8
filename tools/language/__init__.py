"""Words about exact scenes: captions, questions with answers, referring expressions; and a check that they are true.

Only what the scene decides is said. What is a matter of opinion (nearly as far left, half red) is not asked.
"""
