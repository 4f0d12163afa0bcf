"""Self-training: a teacher labels unlabelled text, a student learns from gold and pseudo-labels.

Empty on purpose: the recipe imports the options from here, and the procedure imports the recipe.
"""
