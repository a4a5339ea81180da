"""This machine: how busy it is and, where NVML finds any, its GPUs. No other module asks NVML."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Load:
    """One look at the machine."""

    cpu: float | None
    """Percent of all processors since the last look; None at the first."""
    used: int
    """Bytes of memory that are taken."""
    memory: int
    """Bytes of memory in all."""
    gpus: tuple[tuple[int, int, int, int], ...] = ()
    """Of each GPU: percent busy, bytes taken, bytes in all, degrees Celsius."""


@dataclass(frozen=True, slots=True)
class Card:
    """One GPU, as its driver knows it."""

    name: str
    memory: int
    """Bytes in all."""
    free: int
    driver: str


def cards() -> tuple[Card, ...]:
    """The GPUs that NVIDIA's own library finds; none where it or the driver is missing."""
    nvml = _nvml()
    if nvml is None:
        return ()
    found = []
    with contextlib.suppress(nvml.NVMLError):
        driver = nvml.nvmlSystemGetDriverVersion()
        for number in range(nvml.nvmlDeviceGetCount()):
            device = nvml.nvmlDeviceGetHandleByIndex(number)
            memory = nvml.nvmlDeviceGetMemoryInfo(device)
            found.append(Card(nvml.nvmlDeviceGetName(device), int(memory.total), int(memory.free), driver))
    return tuple(found)


def _nvml() -> Any:
    """NVIDIA's library, ready to be asked; None where it or the driver is missing."""
    with contextlib.suppress(ImportError):
        import pynvml

        with contextlib.suppress(pynvml.NVMLError):
            pynvml.nvmlInit()
            return pynvml
    return None


class Machine:
    """Looks at this machine; a missing driver or library is not an error, there are just no GPUs."""

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        self._looked = False
        self._nvml = _nvml()

    def look(self) -> Load:
        """The load now."""
        memory, busy = self._psutil.virtual_memory(), self._psutil.cpu_percent()
        cpu = busy if self._looked else None
        self._looked = True
        return Load(cpu, memory.total - memory.available, memory.total, tuple(self._gpus()))

    def _gpus(self) -> list[tuple[int, int, int, int]]:
        if self._nvml is None:
            return []
        nvml, found = self._nvml, []
        with contextlib.suppress(nvml.NVMLError):
            for number in range(nvml.nvmlDeviceGetCount()):
                device = nvml.nvmlDeviceGetHandleByIndex(number)
                memory = nvml.nvmlDeviceGetMemoryInfo(device)
                busy = nvml.nvmlDeviceGetUtilizationRates(device).gpu
                heat = nvml.nvmlDeviceGetTemperature(device, nvml.NVML_TEMPERATURE_GPU)
                found.append((int(busy), int(memory.used), int(memory.total), int(heat)))
        return found
