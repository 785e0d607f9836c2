"""The machine's limit as torch's oneDNN reaches it: large products, and large copies."""

from answer_loop import answer


def product(settings):
    """C = A B of square matrices of `size` in `dtype`."""
    import torch

    torch.set_num_threads(settings["threads"])
    size = settings["size"]
    if settings["dtype"] == "int8":
        a, b = (torch.randint(-9, 9, (size, size), dtype=torch.int8) for _ in range(2))
        out = torch.empty(size, size, dtype=torch.int32)
        return lambda: torch._int_mm(a, b, out=out)[:1, :2].numpy()
    a, b = (torch.randn(size, size, dtype=getattr(torch, settings["dtype"])) for _ in range(2))
    out = torch.empty_like(a)
    return lambda: torch.mm(a, b, out=out)[:1, :2].float().numpy()


def copy(settings):
    """A copy of `bytes`, which are read once and written once."""
    import torch

    torch.set_num_threads(settings["threads"])
    a = torch.ones(settings["bytes"] // 4)
    b = torch.empty_like(a)
    return lambda: b.copy_(a)[:2].numpy()[None]


if __name__ == "__main__":
    answer({"product": product, "copy": copy}, ("torch",))
