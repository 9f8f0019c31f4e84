"""Where secret values rest, encrypted, and how they are told apart without being shown."""
