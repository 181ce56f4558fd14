"""netgen."""
