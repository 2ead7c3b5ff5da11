"""evalgate: is this prompt, model or pipeline worse than what we ship today, or can we not tell?"""

__version__ = "0.1.0"
