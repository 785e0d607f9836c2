"""Makes a virtual environment from the lock files; needs nothing but Python.

    python .ci/environment.py --check               exit 0 when this Python is a supported one
    python .ci/environment.py FOLDER [ARG ...]      make or refresh FOLDER: both lock files by hash,
                                                    then each ARG (a wheel, a folder, a requirement)
                                                    without what it depends on
    python .ci/environment.py FOLDER --try ARG ...  add each ARG with what it depends on, or say
                                                    that it is not to be had

uv installs where it is on the PATH; otherwise pip brings the locked uv into FOLDER first.
What is configured for pip (its files and its PIP_ variables) is handed to uv, variables
set for uv itself go first, and when uv fails all the same, pip installs the same hashes.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOCK = os.path.join(ROOT, "requirements.lock")
PRETRAINED = os.path.join(ROOT, "pretrained.lock")
# pip's setting -> (uv's variable, what joins several values there)
UV_NAMES = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "cert": ("SSL_CERT_FILE", " "),
    "no-index": ("UV_NO_INDEX", " "),
}


def supported_range():
    """The (lowest, first refused) versions that pyproject.toml names, each a pair of numbers."""
    with open(os.path.join(ROOT, "pyproject.toml")) as file:
        found = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', file.read())
    return (3, int(found.group(1))), (3, int(found.group(2)))


def is_supported():
    """Whether the Python that runs this is one of the supported versions."""
    lowest, refused = supported_range()
    return lowest <= sys.version_info[:2] < refused


def python_of(folder):
    """The interpreter inside a virtual environment."""
    inside = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(os.path.abspath(folder), *inside)


def run(*command, **options):
    """Runs a command and stops with its exit code when it fails."""
    code = subprocess.call(command, **options)
    if code:
        sys.exit(code)


def make_venv(folder):
    """Makes the environment, or keeps one that works."""
    python = python_of(folder)
    works = os.path.exists(python) and not subprocess.call(
        [python, "-m", "pip", "--version"], stdout=subprocess.DEVNULL
    )
    if works:
        return
    if not subprocess.call([sys.executable, "-m", "venv", "--clear", folder]):
        return
    if not shutil.which("uv"):
        sys.exit(
            "this Python cannot make a virtual environment: install its venv module "
            "(on Debian and Ubuntu the package python3-venv) or uv, then try again"
        )
    run("uv", "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, folder)


def uv_environment(folder):
    """This process's variables, with what is configured for pip said in uv's words."""
    listing = subprocess.check_output([python_of(folder), "-m", "pip", "config", "list"], text=True)
    variables = dict(os.environ)
    # Lines like: global.find-links='a b'; a variable (:env:) comes first and wins.
    for name, value in re.findall(r"^[\w:]+\.([\w-]+)='(.*)'$", listing, flags=re.MULTILINE):
        if name in UV_NAMES:
            variable, joint = UV_NAMES[name]
            variables.setdefault(variable, joint.join(value.replace("\\n", " ").split()))
    # pip takes the best version of all indexes; uv otherwise stops at the first that knows a name.
    variables.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return variables


def locked(name):
    """The lock file's entry for one package: its version and hashes."""
    with open(LOCK) as file:
        text = file.read()
    return re.search(rf"^{name}==.*?(?=^\S|^ +# via)", text, re.MULTILINE | re.DOTALL).group()


def find_uv(folder):
    """The uv of the PATH or of the environment, where pip puts the locked one if need be."""
    own = os.path.join(os.path.dirname(python_of(folder)), "uv")
    uv = shutil.which("uv") or shutil.which(own)
    if uv:
        return uv
    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(temporary, "uv.lock")
        with open(path, "w") as file:
            file.write(locked("uv"))
        pip = [python_of(folder), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", path]
        return None if subprocess.call(pip) else own


def install(folder, *arguments):
    """Installs with uv, or with pip where uv cannot; returns whether it worked."""
    uv, python = find_uv(folder), python_of(folder)
    if uv and not subprocess.call(
        [uv, "pip", "install", "--python", python, *arguments], env=uv_environment(folder)
    ):
        return True
    print("uv could not; trying pip", file=sys.stderr)
    return not subprocess.call([python, "-m", "pip", "install", *arguments])


def compile_bytecode(folder):
    """Compiles what is installed, which uv leaves to the first import.

    Where Python may not write bytecode (PYTHONDONTWRITEBYTECODE) that is every import:
    TensorFlow's then takes three times as long.
    """
    python = python_of(folder)
    source = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.check_output([python, "-c", source], text=True).strip()
    # Its exit code tells of templates that are no Python, which some packages hold.
    subprocess.call([python, "-m", "compileall", "-qq", "-j", "0", packages])


def main(arguments):
    """See the module's docstring."""
    if not is_supported():
        lowest, refused = supported_range()
        return "expected Python {}.{} or newer, below {}.{}; received {}".format(
            *lowest, *refused, sys.version.split()[0]
        )
    if arguments == ["--check"]:
        return 0
    folder, *rest = arguments
    if rest[:1] == ["--try"]:
        missing = [each for each in rest[1:] if not install(folder, each)]
        return f"not to be had here: {', '.join(missing)}" if missing else 0
    make_venv(folder)
    steps = [["--require-hashes", "-r", LOCK], ["--require-hashes", "--no-deps", "-r", PRETRAINED]]
    if rest:
        steps.append(["--no-deps", "--no-build-isolation", *rest])
    if not all(install(folder, *step) for step in steps):
        return 1
    compile_bytecode(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
