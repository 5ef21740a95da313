"""The settings that come from the environment: typed, checked at once, every bad value named with what to do."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT_DIR = Path(__file__).resolve().parent.parent

Names = Annotated[tuple[str, ...], NoDecode]


class EnvironmentInvalidError(Exception):
    """The environment cannot be used; the message names every bad value."""


class Env(BaseSettings):
    """What may be set from outside. `.env.example` lists the same names; a test keeps them equal."""

    model_config = SettingsConfigDict(
        env_prefix="HOLDPOINT_",
        env_file=PROJECT_DIR / ".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
    )

    env: Literal["development", "production"] = "development"
    secret_key: str = Field(default="", description="signs sessions and queue messages")
    secret_keys: Names = Field(default=(), description="Fernet keys for stored credentials, newest first")
    allowed_hosts: Names = ("localhost", "127.0.0.1", "[::1]")
    trusted_origins: Names = ()
    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    data_dir: Path = PROJECT_DIR / ".data"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    hsts_seconds: int = Field(default=31_536_000, ge=0)
    behind_proxy: bool = False

    @property
    def is_production(self) -> bool:
        """Whether the strict defaults for a public server hold."""
        return self.env == "production"

    @field_validator("secret_keys", "allowed_hosts", "trusted_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: str) -> str:
        if value and not value.startswith(("postgres://", "postgresql://")):
            message = "must start with postgresql:// (Holdpoint runs on PostgreSQL 15 or newer only)"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _production_is_complete(self) -> "Env":
        if self.is_production:
            needed = {
                "HOLDPOINT_SECRET_KEY": self.secret_key,
                "HOLDPOINT_SECRET_KEYS": self.secret_keys,
                "DATABASE_URL": self.database_url,
            }
            missing = [name for name, value in needed.items() if not value]
            if missing:
                message = f"production needs these to be set: {', '.join(missing)}"
                raise ValueError(message)
        return self


@cache
def load_env() -> Env:
    """Read and check the environment once. Raises EnvironmentInvalidError with a line per problem."""
    try:
        return Env()
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            label = name if name in ("DATABASE_URL", "") else f"HOLDPOINT_{name}"
            lines.append(f"{label or 'The environment'}: {problem['msg']}")
        raise EnvironmentInvalidError("\n".join(lines)) from error
