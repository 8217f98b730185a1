"""The embedded model's server, in a process of its own: `python -P local_server.py MODEL.gguf THREADS`.

Prints its address on one line and serves until standard input closes, so it never outlives whoever started it. It
imports nothing of this package, and is started as a file: `-m` would search the user's folder first.
"""

from __future__ import annotations

import sys


def serve(model_path: str, threads: int) -> None:
    """Serve the model on a free loopback port until standard input closes."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = model_path
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = 8192
    parameters.n_parallel = 2
    parameters.kv_unified = True
    parameters.swa_full = True  # sliding-window models reuse a cached prefix only with the whole cache kept
    for share in (parameters.cpuparams, parameters.cpuparams_batch):
        share.n_threads = threads
        share.poll = 0  # a thread without work sleeps
    parameters.cache_ram_mib = 1024  # the beginnings of some dozens of questions, kept for those that begin alike
    parameters.ui = False
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)  # noqa: T201 - the line the parent process waits for
    sys.stdin.buffer.read()
    del server


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
