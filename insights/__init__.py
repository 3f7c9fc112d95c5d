"""Service levels, quality and sampling, in SQL over the projections."""
