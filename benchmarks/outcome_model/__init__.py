"""How the outcome model is trained and judged: its data, its fits, its figures."""
