#!/usr/bin/env bash
# python-calamine 0.9.1 and openpyxl 3.1.5: the same cell of the same workbook is read as two different texts.
#
# One would expect a text written to a cell to be read back, by any reader. OOXML writes a control character as _x000D_,
# and a literal "_x000D_" with its underscore escaped. openpyxl escapes neither way: it writes "SKU_x0041_1" as it is, and
# reads it as it is. calamine follows the standard and reads "SKUA1"; "_x000D_" becomes a line break.
#
# A user meets this if campaign codes or ids hold such a part: written by one library and read by the other, two
# different ids become one, or an id matches no row. This project undoes the escapes itself, whichever library reads.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet python-calamine==0.9.1 openpyxl==3.1.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import openpyxl
import python_calamine

book = openpyxl.Workbook()
for code in ("SKU_x0041_1", "SKUA1", "a_x000D_b"):
    book.active.append([code])
book.save("codes.xlsx")
plain = [row[0].value for row in openpyxl.load_workbook("codes.xlsx").active.iter_rows()]
other = [row[0] for row in python_calamine.CalamineWorkbook.from_path("codes.xlsx").get_sheet_by_index(0).to_python()]
print("openpyxl:", plain)
print("calamine:", other)
assert plain == ["SKU_x0041_1", "SKUA1", "a_x000D_b"], plain
assert other == ["SKUA1", "SKUA1", "a\rb"], other
PY
