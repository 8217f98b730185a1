"""Streamlit parts: how to ask and show, never how to compute."""
