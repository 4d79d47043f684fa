"""The libraries of a server: each an app of its own, which knows no other (`library_app`); all but the main one opened when needed."""
