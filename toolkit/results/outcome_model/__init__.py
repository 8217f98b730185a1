"""Which of two headlines more real people would click, learned from randomised headline experiments.

Numbers and limits stand in docs/outcome-model.md. Data: the Upworthy Research Archive (Matias, Munger, Aubin Le Quere,
Ebersole, 2021, Scientific Data 8, 195; doi 10.17605/OSF.IO/JD64P), CC BY 4.0.

Examples:
    >>> from toolkit.results.outcome_model import LEAST_CONFIDENCE
    >>> 0.5 < LEAST_CONFIDENCE < 1.0
    True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
