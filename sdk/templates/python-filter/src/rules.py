"""What the plugin does, without the host: plain Python, tested by `python3 -m unittest`."""

import json
from dataclasses import dataclass, fields


class Refused(Exception):
    """Refuses the operator's file; the message is shown there."""


@dataclass
class Config:
    """The plugin's `config`: `{ blocked: /private, tag: hello }`."""

    blocked: str
    tag: str = "{{project-name}}"

    @classmethod
    def parse(cls, text):
        config = json.loads(text)
        known = [field.name for field in fields(cls)]
        for key, value in config.items():
            if key not in known:
                raise Refused(f"{key}: unknown key, expected one of {', '.join(known)}")
            if not isinstance(value, str):
                raise Refused(f"{key}: expected a text")
        if "blocked" not in config:
            raise Refused("blocked is missing")
        if not config["blocked"].startswith("/"):
            raise Refused("blocked: a path begins with a slash")
        return cls(**config)

    def is_blocked(self, path):
        """Whether a path is the blocked one or below it."""
        blocked = self.blocked.rstrip("/")
        return path == blocked or path.startswith(blocked + "/")
