from .predicting import LEAST_CONFIDENCE, predict_pairs, score_texts

__all__ = ["LEAST_CONFIDENCE", "predict_pairs", "score_texts"]
