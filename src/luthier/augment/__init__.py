"""More examples out of those there are: each augmenter is an option object that varies one text."""
