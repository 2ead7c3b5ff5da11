"""A channel for each test."""

from tests.channel import channel

__all__ = ["channel"]
