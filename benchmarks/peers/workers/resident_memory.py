"""Resident memory of this process, and its peak since a moment that can be chosen (Linux).

The kernel keeps the peak since the start of a process; writing 5 to `clear_refs` begins it
anew, so that a model's loading does not hide what its steps need. Elsewhere nothing is known.

Source: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
"""

import contextlib
import ctypes
import pathlib

PROCESS = pathlib.Path("/proc/self")


def resident(field="VmRSS"):
    """Bytes in memory now, or at most by `VmHWM`; None where the system does not say."""
    status = PROCESS / "status"
    if not status.exists():
        return None
    rows = (line.split() for line in status.read_text().splitlines())
    return next((1024 * int(row[1]) for row in rows if row[:1] == [f"{field}:"]), None)


def trimmed():
    """Give free memory back to the system; the resident bytes that are left."""
    with contextlib.suppress(OSError, AttributeError):  # other systems' C libraries have none
        ctypes.CDLL(None).malloc_trim(0)
    return resident()


def begin_anew():
    """Give free memory back and forget the peak; the resident bytes, None where impossible."""
    trimmed()
    try:
        (PROCESS / "clear_refs").write_text("5")
    except OSError:
        return None
    return resident()
