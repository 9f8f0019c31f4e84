"""PowerShell scripts."""
