"""The accelerator's limit as torch reaches it: large products, and large copies."""

import device_torch
from answer_loop import answer


def product(settings):
    """C = A B of square matrices of `size` in `dtype`."""
    import torch

    device, size = device_torch.begin(settings), settings["size"]
    dtype = torch.bfloat16 if settings["dtype"] == "bfloat16" else torch.float32
    a, b = (torch.randn(size, size, dtype=dtype, device=device) for _ in range(2))
    out = torch.empty_like(a)
    return lambda: torch.mm(a, b, out=out)


def copy(settings):
    """A copy of `bytes`, which are read once and written once."""
    import torch

    a = torch.ones(settings["bytes"] // 4, device=device_torch.begin(settings))
    b = torch.empty_like(a)
    return lambda: b.copy_(a)


if __name__ == "__main__":
    answer({"product": product, "copy": copy}, ("torch",), device_torch)
