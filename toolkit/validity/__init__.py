"""How far a simulated verdict can be trusted: known answers in `behaviour`, real results in `outcomes`.

Examples:
    >>> from toolkit.validity.outcomes import load_published
    >>> load_published() is not None
    True
"""
