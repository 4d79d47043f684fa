"""The routes beside the Gradio page."""
