"""Figures for print: what they show, how they look, and where they go."""
