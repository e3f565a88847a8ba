"""Programme, levels, score book and standing."""
