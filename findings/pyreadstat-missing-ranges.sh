#!/usr/bin/env bash
# pyreadstat 1.3.7: the metadata of an SPSS file name no missing codes unless the codes are read as values.
#
# One would expect `metadata.missing_ranges` to tell which codes the author of the file declared missing, however the
# data are read. By default the codes become NaN, and `missing_ranges` is empty: the file seems to declare none. With
# `user_missing=True` the same file tells 999, and 999 stands among the ages.
#
# A user meets this who wants to report how many people refused to give their age: by default a refusal and an empty
# cell are the same, and nothing says that there were refusals. This project reads with `user_missing=True` and takes
# the declared codes out itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyreadstat==1.3.7 pandas==3.1.1
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import pandas
import pyreadstat

ages = pandas.DataFrame({"age": [30.0, 999.0, None]})
pyreadstat.write_sav(ages, "ages.sav", missing_ranges={"age": [999]})
plain, without = pyreadstat.read_sav("ages.sav")
told, declared = pyreadstat.read_sav("ages.sav", user_missing=True)
print("default:          ", plain["age"].tolist(), without.missing_ranges)
print("user_missing=True:", told["age"].tolist(), declared.missing_ranges)
assert without.missing_ranges == {}, without.missing_ranges
assert plain["age"].isna().sum() == 2, plain
assert declared.missing_ranges == {"age": [{"lo": 999.0, "hi": 999.0}]}, declared.missing_ranges
assert told["age"].tolist()[1] == 999.0, told
PY
