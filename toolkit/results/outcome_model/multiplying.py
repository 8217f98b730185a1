"""Matrix products for the outcome model, by the runtime that reads the encoder.

NumPy's own products wake as many threads as there are processors, and those wait by spinning: on a busy machine the
hidden layers of a thousand headlines then cost 14 s of processor time instead of 1 s. The threads of the runtime wait
without spinning. The model it is given is one product, written by hand: a protocol buffers message of a hundred bytes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from toolkit.results.outcome_model.encoding import write_field

_VARINT = 0
_FLOAT, _VERSION, _OPERATORS = 1, 8, 17
"""The element type, the version of the file format, and that of the operators, as ONNX numbers them."""


def multiply(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return `values @ weights` in single precision.

    Examples:
        >>> import numpy
        >>> from toolkit.results.outcome_model.multiplying import multiply
        >>> multiply(numpy.eye(2), numpy.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """
    feeds = {"a": np.ascontiguousarray(values, np.float32), "b": np.ascontiguousarray(weights, np.float32)}
    product: np.ndarray = _open_session().run(["c"], feeds)[0]
    return product


@lru_cache(maxsize=1)
def _open_session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(_write_model(), options, providers=["CPUExecutionProvider"])


def _write_model() -> bytes:
    """Return an ONNX model that multiplies two matrices of any size."""
    node = _text(1, "a") + _text(1, "b") + _text(2, "c") + _text(4, "MatMul")
    graph = (
        write_field(1, node)
        + _text(2, "product")
        + b"".join(write_field(field, _declare(name)) for field, name in ((11, "a"), (11, "b"), (12, "c")))
    )
    return _number(1, _VERSION) + write_field(7, graph) + write_field(8, _text(1, "") + _number(2, _OPERATORS))


def _declare(name: str) -> bytes:
    """Return a matrix of single precision as the graph names it, its sizes left open."""
    sizes = b"".join(write_field(1, _text(2, f"{name}{axis}")) for axis in ("rows", "columns"))
    return _text(1, name) + write_field(2, write_field(1, _number(1, _FLOAT) + write_field(2, sizes)))


def _text(field: int, value: str) -> bytes:
    return write_field(field, value.encode())


def _number(field: int, value: int) -> bytes:
    return bytes([field << 3 | _VARINT, value])
