"""Files of namespaces."""
