"""Where a published model can lie: in a package, on the Hugging Face Hub, in an archive.

Each place knows its folder here, whether the model is in it already, and how it gets there.
"""

import dataclasses
import importlib.util
import pathlib
from collections.abc import Mapping

from keras_bert.downloads import cache


@dataclasses.dataclass(frozen=True)
class Package:
    """Files that an installed Python package carries, which is not imported.

    Args:
        package: its import name.
        folder: the model's folder in it.
        install: the command that installs it.
    """

    package: str
    folder: str
    install: str

    def present(self) -> pathlib.Path | None:
        """The model's folder, if the package is installed."""
        spec = importlib.util.find_spec(self.package)
        for location in (spec and spec.submodule_search_locations) or ():
            folder = pathlib.Path(location) / self.folder
            if folder.is_dir():
                return folder
        return None

    def get(self, name: str) -> pathlib.Path:
        """The model's folder.

        Raises:
            ModuleNotFoundError: the package is not installed.
        """
        folder = self.present()
        if folder is None:
            raise ModuleNotFoundError(
                f"expected the package {self.package}, which carries {name!r}; "
                f"received an environment without it: {self.install}",
                name=self.package,
            )
        return folder

    def __str__(self) -> str:
        return f"the package of {self.install}"


@dataclasses.dataclass(frozen=True)
class Repository:
    """A repository of the Hugging Face Hub with a `model.safetensors`.

    Args:
        repository: OWNER/NAME.
        revision: a branch, a tag or a commit. What was fetched of a branch stays as it is.
    """

    repository: str
    revision: str = "main"

    def present(self) -> pathlib.Path | None:
        """The model's folder, if it was fetched."""
        from keras_bert.downloads.repositories import cache_key

        folder = cache.model_folder(cache_key(self.repository, self.revision))
        return folder if folder.is_dir() else None

    def get(self, name: str) -> pathlib.Path:
        """The model's folder, fetched if it is not here; raises as `fetch_repository`."""
        from keras_bert.downloads.repositories import cache_key, fetch_repository

        key = cache_key(self.repository, self.revision)
        return cache.fetched(
            key,
            repr(name),
            lambda parts, folder: fetch_repository(self.repository, self.revision, parts, folder),
        )

    def __str__(self) -> str:
        revision = "" if self.revision == "main" else f"@{self.revision}"
        return f"hf://{self.repository}{revision}"


@dataclasses.dataclass(frozen=True)
class Archive:
    """An archive on a web server that holds a folder in Google's format.

    Args:
        url: of a .zip or a .tar.gz.
        sha256: checksums of files in it, where they are publicly known.
    """

    url: str
    sha256: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)

    def present(self) -> pathlib.Path | None:
        """The model's folder, if it was fetched."""
        from keras_bert.downloads.archives import cache_key, inner_folder

        try:
            return inner_folder(cache.model_folder(cache_key(self.url)))
        except ValueError:  # not there, or not whole any more, which `get` says
            return None

    def get(self, name: str) -> pathlib.Path:
        """The model's folder, fetched if it is not here; raises as `fetch_archive`."""
        from keras_bert.downloads.archives import cache_key, fetch_archive, inner_folder

        folder = cache.fetched(
            cache_key(self.url),
            repr(name),
            lambda parts, folder: fetch_archive(self.url, self.sha256, parts, folder),
        )
        return inner_folder(folder)

    def __str__(self) -> str:
        return self.url
