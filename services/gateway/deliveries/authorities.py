"""Whose certificates are accepted of which partner."""

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import quote

from services.gateway.partners.options import MinTls
from services.runtime.security import client_context

_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

_Own: TypeAlias = tuple[int, ssl.SSLContext] | None
"""When a platform's file was changed, and what was made of it; None: it has none."""


class Authorities:
    """The deployment's authorities, and those that partners have of their own, as a file of the platform's name.

    Such a file is looked at again every second or so, since partners' authorities are renewed while we run.
    """

    def __init__(
        self,
        ca_file: Path | None,
        ca_folder: Path | None,
        look_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._usual = {name: client_context(ca_file, minimum_version=each) for name, each in _VERSIONS.items()}
        self._folder, self._look_seconds, self._monotonic = ca_folder, look_seconds, monotonic
        self._own: dict[tuple[str, MinTls], tuple[float, _Own]] = {}

    def context(self, platform: str, min_tls: MinTls) -> ssl.SSLContext:
        """Return what a platform is called with.

        Args:
            platform: Its name.
            min_tls: The oldest version of TLS that it is called with; another partner's stays what it is.

        Raises:
            services.runtime.settings.SettingsError: when its file holds no certificates.
        """
        if self._folder is None:
            return self._usual[min_tls]
        now = self._monotonic()
        until, own = self._own.get((platform, min_tls), (now, None))
        if until <= now:
            own = self._looked_up(self._folder / f"{quote(platform, safe='')}.pem", min_tls, own)
            self._own[platform, min_tls] = now + self._look_seconds, own
        return self._usual[min_tls] if own is None else own[1]

    def renewed(self, platform: str, min_tls: MinTls) -> bool:
        """Look at a platform's file at once, and tell whether it is called with others than before.

        Raises:
            services.runtime.settings.SettingsError: when its file holds no certificates.
        """
        before = self.context(platform, min_tls)
        known = self._own.get((platform, min_tls))
        if known is not None:
            self._own[platform, min_tls] = self._monotonic(), known[1]
        return self.context(platform, min_tls) is not before

    def _looked_up(self, file: Path, min_tls: MinTls, known: _Own) -> _Own:
        try:
            changed_at = file.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if known is not None and known[0] == changed_at:
            return known
        return changed_at, client_context(file, minimum_version=_VERSIONS[min_tls])
