"""What can be done with a Penstock, whoever asks: the API, the command line, a test."""
