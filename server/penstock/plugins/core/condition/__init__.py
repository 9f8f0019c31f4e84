"""Conditions of triggers, as older flows write them; newer ones say the same in `when`."""
