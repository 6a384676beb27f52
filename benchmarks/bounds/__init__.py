"""An attempt: certifying without looking at every piece, by a sound bound on what leaving knots out can change."""
