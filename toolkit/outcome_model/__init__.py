"""The outcome model: which of two texts more real people would click, learned from randomised headline experiments.

Numbers and limits stand in docs/outcome-model.md. Data: the Upworthy Research Archive (Matias, Munger, Aubin Le Quere,
Ebersole, 2021, Scientific Data 8, 195; doi 10.17605/OSF.IO/JD64P), CC BY 4.0.
"""

from __future__ import annotations

from toolkit.outcome_model.predicting import LEAST_CONFIDENCE, predict_pairs, score_texts

__all__ = ["LEAST_CONFIDENCE", "predict_pairs", "score_texts"]
