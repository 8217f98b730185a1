"""The grid of one run spread over Ray workers: one budget, a shard each, nothing paid for lost with a worker."""

from toolkit.workers.driving import carry_out_on_workers

__all__ = ["carry_out_on_workers"]
