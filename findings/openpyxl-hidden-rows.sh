#!/usr/bin/env bash
# openpyxl 3.1.5: a worksheet opened read-only knows neither hidden rows nor merged cells, and fails only if asked.
#
# One would expect `read_only=True` to save memory and to tell the same about a sheet. A read-only worksheet has no
# `row_dimensions` and no `merged_cells`. Its rows hold what a filter has hidden, unmarked, and a merged cell is a value
# with empty cells below.
#
# A user meets this with a plan from which rejected posts were filtered away: opened read-only they come back as drafts,
# and the surface of a merged cell stands in the first of its rows alone. This project opens workbooks whole, after
# judging their size from the archive.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openpyxl==3.1.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import openpyxl

book = openpyxl.Workbook()
for row in (["surface", "text"], ["story", "Kept."], [None, "Rejected."]):
    book.active.append(row)
book.active.merge_cells("A2:A3")
book.active.row_dimensions[3].hidden = True
book.save("plan.xlsx")
whole = openpyxl.load_workbook("plan.xlsx").active
light = openpyxl.load_workbook("plan.xlsx", read_only=True).active
print("whole:    ", "hidden", whole.row_dimensions[3].hidden, "merged", whole.merged_cells.ranges)
print("read-only:", "hidden", hasattr(light, "row_dimensions"), "merged", hasattr(light, "merged_cells"))
print("read-only:", list(light.iter_rows(values_only=True)))
assert whole.row_dimensions[3].hidden and len(whole.merged_cells.ranges) == 1
assert not hasattr(light, "row_dimensions") and not hasattr(light, "merged_cells")
assert list(light.iter_rows(values_only=True))[2] == (None, "Rejected."), "the hidden row is not marked"
PY
