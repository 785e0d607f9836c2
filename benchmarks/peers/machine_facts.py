"""Where and on what a result was measured: processor, cores, memory, commit."""

import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"


def machine() -> dict:
    """The processor's model and its matrix instructions, cores, memory, system."""
    facts = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    information = pathlib.Path("/proc/cpuinfo")
    if information.exists():
        rows = (line.partition(":") for line in information.read_text().splitlines())
        found = {key.strip(): value.strip() for key, _, value in rows}
        flags = set(found.get("flags", "").split())
        known = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8")
        facts["processor"] = found.get("model name", facts["processor"])
        facts["instructions"] = [flag for flag in known if flag in flags]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        facts["memory_bytes"] = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return facts | {"system": f"{platform.system()} {platform.machine()}"}


def card() -> dict[str, str]:
    """The first card by NVIDIA's driver: name, driver, memory, power; nothing without one."""
    wanted = ("name", "driver_version", "memory.total", "power.limit", "clocks.max.sm")
    command = ["nvidia-smi", f"--query-gpu={','.join(wanted)}", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    values = [value.strip() for value in done.stdout.partition("\n")[0].split(",")]
    if done.returncode or len(values) != len(wanted):
        return {}
    return dict(zip(wanted, values, strict=True))


def busy_seconds() -> float | None:
    """Processor seconds that all programs of the machine have had; None where unknown."""
    path = pathlib.Path("/proc/stat")
    if not path.exists():
        return None
    user, nice, system, _, _, interrupts, soft, *_ = map(int, path.read_text().split()[1:9])
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


def commit() -> str:
    """The commit that is measured, with `+` where the package differs from it."""
    try:
        git = ["git", "-C", str(ROOT)]
        name = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True
        )
        changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "keras_bert"])
    except OSError:
        return "unknown"
    return name.stdout.strip() + "+" * changed.returncode if name.returncode == 0 else "unknown"
