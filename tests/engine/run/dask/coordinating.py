"""A run on a cluster, in a process of its own: `python coordinating.py HOME LAUNCH`."""

from __future__ import annotations

import json
import sys

from engine.plan.launch import Launch
from engine.plan.plan import build_plan
from engine.run.steering import Steering
from engine.run.supervise import supervise
from store.home import find_home

if __name__ == "__main__":
    launch, home = Launch.from_json(json.loads(sys.argv[2])), find_home(sys.argv[1])
    for _ in supervise(home, build_plan(launch.selection, home, {}), Steering(), launch.options):
        pass
