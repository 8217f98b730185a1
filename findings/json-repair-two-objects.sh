#!/usr/bin/env bash
# json-repair 0.64.6: a text that holds two objects gives one or two of them, by whether they share their keys.
#
# One would expect two objects in a text to be returned alike whatever their keys: both, or an error.
# Two objects with different keys come back as a list of both. Two objects with the same keys come back as the last
# one alone, and nothing says that another was left out.
#
# A user meets this if a model answers twice in one reply: "I would read it" and then, on second thought, "I would tap
# it". A reader that trusts the library takes the second answer for the only one. This project therefore looks for every
# object in a reply itself, and uses the library on one object at a time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet json-repair==0.64.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import json_repair

same = json_repair.loads('{"action": "read"} {"action": "click"}')
different = json_repair.loads('{"action": "read"} {"verbatim": "Fine."}')
print("same keys:     ", same)
print("different keys:", different)
assert same == {"action": "click"}, same
assert different == [{"action": "read"}, {"verbatim": "Fine."}], different
PY
