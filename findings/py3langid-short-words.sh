#!/usr/bin/env bash
# py3langid 0.4.0: a short English word is Afrikaans, with the least number that a 32-bit float can hold as its score.
#
# One would expect a low but finite score, or a language that means "unknown", for a text with nothing to judge by.
# "OK", "No", "PayPal" and "Sale" all give ("af", -3.4028234663852886e+38), the first language of the list. A sentence
# gives an ordinary score of about minus one hundred, so the two are hard to compare on one scale.
#
# A user meets this with the label of a button, a one-word draft or a one-word answer of a persona: a check for replies
# in another language would refuse "No" as Afrikaans. This project asks the library only about texts of several words.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet py3langid==0.4.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import py3langid

found = {text: py3langid.classify(text) for text in ("OK", "No", "PayPal", "Sale", "Invoice them in the chat")}
for text, (language, score) in found.items():
    print(f"{text!r}: {language} {score}")
for text in ("OK", "No", "PayPal", "Sale"):
    language, score = found[text]
    assert language == "af" and score < -3e38, (text, language, score)
assert found["Invoice them in the chat"][0] == "en"
PY
