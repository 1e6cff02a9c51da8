"""What the page shows and takes, without Streamlit."""
