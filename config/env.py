"""The settings that come from the environment: typed, checked at once, every bad value named with what to do."""

from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT_DIR = Path(__file__).resolve().parent.parent

Names = Annotated[tuple[str, ...], NoDecode]
REQUIRED_IN_PRODUCTION: Final = {
    "HOLDPOINT_SECRET_KEY": "secret_key",
    "HOLDPOINT_SECRET_KEYS": "secret_keys",
    "HOLDPOINT_ALLOWED_HOSTS": "allowed_hosts",
    "DATABASE_URL": "database_url",
}


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

    env: Literal["development", "production"] = Field(
        default="development", description="production switches on HTTPS, HSTS, secure cookies and hashed static files"
    )
    secret_key: str = Field(default="", description="signs sessions and queue messages; at least 50 characters")
    secret_keys: Names = Field(default=(), description="Fernet keys for stored credentials, newest first")
    allowed_hosts: Names = Field(default=("localhost", "127.0.0.1", "[::1]"), description="host names people use")
    trusted_origins: Names = Field(default=(), description="origins that may send forms, with their scheme")
    database_url: str = Field(
        default="", validation_alias="DATABASE_URL", description="PostgreSQL 15 or newer; unset: the embedded server"
    )
    data_dir: Path = Field(
        default=PROJECT_DIR / ".data", description="where development keys, demo logs and the embedded server are kept"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="what is logged")
    log_format: Literal["json", "console"] = Field(default="json", description="lines for machines or for people")
    hsts_seconds: int = Field(default=31_536_000, ge=0, description="how long browsers remember to use HTTPS")
    behind_proxy: bool = Field(default=False, description="trust X-Forwarded-Proto, which the proxy must set itself")
    stock_history_days: int = Field(
        default=35, ge=2, description="days for which each change of stock and each number told to a shop are kept"
    )
    stock_hours_days: int = Field(
        default=400, ge=2, description="days for which the hourly figures of stock, which charts read, are kept"
    )
    contracts: Path | None = Field(default=None, description="tests: the folder of the vendors' published contracts")
    chromium: Path | None = Field(default=None, description="tests and screenshots: the browser, when not on the path")
    crashpoint: str = Field(default="", description="tests: end the process at this point; refused in production")

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
            missing = [name for name, field in REQUIRED_IN_PRODUCTION.items() if field not in self.model_fields_set]
            if missing:
                message = f"production needs these to be set: {', '.join(missing)}"
                raise ValueError(message)
            if self.crashpoint:
                message = "HOLDPOINT_CRASHPOINT ends processes on purpose and is refused in production"
                raise ValueError(message)
        return self


def variable_of(field: str) -> str:
    """The environment variable of a field."""
    alias = Env.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"HOLDPOINT_{field}".upper()


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
