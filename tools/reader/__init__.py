"""How the reader is made: its data, its training, its export."""
