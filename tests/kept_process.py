"""A process that is kept for many tests, and calls functions of test files for them.

Importing TensorFlow is most of the work of a process of a test's own. Run as a script
it reads calls from standard input and answers on standard output, a JSON line each.
"""

import contextlib
import gc
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback


class KeptProcess:
    """Calls `function` of `file` in another process: `process(file, "function", *arguments)`.

    Arguments and results are what JSON holds; paths become strings. The process starts
    with the first call.
    """

    def __init__(self, **environment):
        self.environment = environment
        self.process = None

    def __call__(self, file, function, *arguments):
        if self.process is None:
            self.start()
        call = {"file": str(file), "function": function, "arguments": arguments}
        print(json.dumps(call, default=str), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            self.log.seek(0)
            raise RuntimeError(f"{function} ended its process: {self.log.read()[-3000:]}")
        answer = json.loads(answer)
        if "error" in answer:
            raise RuntimeError(f"{function} in another process: {answer['error']}")
        return answer["result"]

    def start(self):
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (as long as the process)
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def close(self):
        if self.process is not None:
            self.process.communicate()
            self.log.close()


def module_of(path):
    """The module of a file, which is imported once."""
    name = f"kept_{pathlib.Path(path).stem}"
    if name not in sys.modules:
        sys.path.insert(0, str(pathlib.Path(path).parent))
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def answer(call):
    try:
        function = getattr(module_of(call["file"]), call["function"])
        return {"result": function(*call["arguments"])}
    except Exception:
        return {"error": traceback.format_exc()[-3000:]}


def main():
    gc.set_threshold(100_000, 50, 100)  # as in conftest.py
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        main()
