"""Pictures of what people get: Markdown as GitHub draws it, in light and dark, wide and narrow."""
