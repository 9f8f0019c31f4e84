"""Where files live that outlast the attempt which made them."""
