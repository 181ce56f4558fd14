"""From alterations to dated levels of evidence, with the tumour type told by OncoTree ancestry and never guessed."""
