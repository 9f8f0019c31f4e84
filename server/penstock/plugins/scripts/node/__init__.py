"""Node.js scripts."""
