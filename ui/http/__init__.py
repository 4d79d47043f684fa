"""What the server answers besides the page: its own routes, and the checks that every request passes.

No gradio and nothing of `ui.web` here; `ui.server` puts both together.
"""
