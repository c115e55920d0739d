"""Tests of hard isolation."""
