"""Reports before they are handed in: built from the case, approved word for word, written out."""
