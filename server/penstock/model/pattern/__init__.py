"""Regular expressions whose cost is known before they are used."""
