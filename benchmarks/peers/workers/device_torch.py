"""The accelerator as torch has it: found or refused, waited for, described."""


def begin(settings):
    """Choose the precision of products; the name of the device.

    Raises:
        ValueError: torch has no CUDA or no card, and settings do not allow `any_device`.
    """
    import torch

    if not torch.cuda.is_available() and not settings.get("any_device"):
        raise ValueError(f"expected torch with a CUDA device; torch {torch.__version__} has none")
    torch.set_float32_matmul_precision("high" if settings["dtype"] == "tf32" else "highest")
    return "cuda" if torch.cuda.is_available() else "cpu"


def finish(output):
    """Wait until `output`, a tensor, is there; a number, or its first row, as float32."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return (output[:1] if output.ndim else output).detach().float().cpu().numpy()


def facts():
    """The device's name and what drives it."""
    import torch

    name, driver = "cpu", f"torch {torch.__version__}"
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name()
        cudnn = torch.backends.cudnn.version()
        driver += f", CUDA {torch.version.cuda or torch.version.hip}, cuDNN {cudnn}"
    return {"device": {"name": name, "driver": driver}}


def begin_peak():
    """Bytes in use; None without a card. The peak counts from here."""
    import torch

    if not torch.cuda.is_available():
        return None
    torch.cuda.reset_peak_memory_stats()
    return torch.cuda.memory_allocated()


def peak():
    """The most bytes that were in use since then."""
    import torch

    return torch.cuda.max_memory_allocated()
