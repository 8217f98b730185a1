#!/usr/bin/env bash
# fastexcel 0.21.0 and polars 2.1.0: a cell of text below a thousand numbers is read as nothing, and its row may go too.
#
# One would expect a column of 1,200 numbers and one text to be read as text, or to be refused with the cell.
# fastexcel judges the type from the first 1,000 rows. The text "65+" in row 1,202 becomes null, without a word. Polars
# reads workbooks through fastexcel and drops rows of nulls, so in a table of one column the person is gone.
#
# A user meets this with a survey whose ages are numbers at the top and "65+" somewhere below: the oldest respondents
# have no age, or are not there. This project therefore reads every cell with its own type and judges the whole column.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet fastexcel==0.21.0 polars==2.1.0 openpyxl==3.1.5
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import fastexcel
import openpyxl
import polars

book = openpyxl.Workbook()
book.active.append(["age"])
for _ in range(1200):
    book.active.append([30])
book.active.append(["65+"])
book.save("ages.xlsx")
direct = fastexcel.read_excel("ages.xlsx").load_sheet(0).to_polars()["age"].to_list()
through = polars.read_excel("ages.xlsx")["age"].to_list()
print("written:   1201 people, the last '65+'")
print("fastexcel:", len(direct), "people, the last", direct[-1])
print("polars:   ", len(through), "people, the last", through[-1])
assert (len(direct), direct[-1]) == (1201, None), direct[-2:]
assert (len(through), through[-1]) == (1200, 30), through[-2:]
PY
