"""The one transport under every model call, and the clients on top of it."""
