from . import domains
from .predicting import LEAST_CONFIDENCE, predict_pairs, score_texts

__all__ = ["LEAST_CONFIDENCE", "domains", "predict_pairs", "score_texts"]
