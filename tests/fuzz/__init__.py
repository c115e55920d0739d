"""Random programs against the runtime: ``python -m tests.fuzz --minutes 60``."""
