"""The browser page: `streamlit run app.py`."""

from __future__ import annotations

import streamlit as st

from toolkit.ui import results

st.set_page_config(page_title="audience-toolkit", layout="wide")
st.navigation([st.Page(results.show, title="Results", url_path="results", default=True)]).run()
