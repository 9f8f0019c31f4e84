"""All that a plugin's author imports."""
