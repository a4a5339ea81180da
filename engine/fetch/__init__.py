"""Downloads: public data sets and models, resumable, checked, each file with its source in a manifest."""

from engine.fetch.fetcher import Got, choices, fetch, refuse_offline

__all__ = ["Got", "choices", "fetch", "refuse_offline"]
