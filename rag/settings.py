"""Settings, and the one place that reads the environment and the files `.env` and `footnote.toml`.

A value given as an argument (by a command's option or a program) wins over the environment, that over `.env`, that over `footnote.toml`,
both in the working directory; what the library keeps (`rag.storing.kept_settings`) comes next, and the default last.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_cache_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from rag.endpoints.addresses import without_secrets
from rag.errors import SettingsError
from rag.text.language_names import LANGUAGES

DEFAULT_EMBEDDING_MODEL = "all-MiniLM-L6-v2"
OPENAI_BASE_URL = "https://api.openai.com/v1"
CONTEXT_TOKENS = 4096  # of a chat model whose context size is not known
LOCAL_SERVERS = {"Ollama": 11434, "llama.cpp": 8080, "LM Studio": 1234, "vLLM": 8000}
"""Chat servers, and the ports at which they usually answer."""

PRICE = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s+(\d{1,9}(?:\.\d{1,9})?)(?:\s+(\w{1,10}|\W))?\s*", re.ASCII)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ENV_FILE, TOML_FILE = Path(".env"), Path("footnote.toml")
FILES_OFF = "RAG_SETTINGS_FILES"  # "false" in the environment: neither file is read


@dataclass(frozen=True, slots=True)
class ChatEndpoint:
    """The chat model's address, and the key that is sent there and nowhere else."""

    base_url: str = field(repr=False)  # it may hold a password
    api_key: SecretStr | None
    model: str | None


@dataclass(frozen=True, slots=True)
class EmbeddingEndpoint:
    """The embedding endpoint's address, the key that is sent there and nowhere else, and what is asked of it."""

    base_url: str = field(repr=False)
    api_key: SecretStr | None = None
    dimensions: int | None = None
    max_tokens: int = 8191


class Settings(BaseSettings):
    """The settings: arguments, else the environment or `.env` (`RAG_` and the field's name in capitals), else `footnote.toml`.

    Raises:
        pydantic.ValidationError: A value is out of range or of the wrong kind; `problems` says so in sentences.
        SettingsError: `.env` or `footnote.toml` cannot be read.
    """

    model_config = SettingsConfigDict(env_prefix="RAG_", env_ignore_empty=True, frozen=True, extra="forbid", populate_by_name=True)

    library: Path = Field(default=Path("data/library"), description="library folder")
    embedding_model: str = Field(
        default=DEFAULT_EMBEDDING_MODEL,
        description="embedding model: the built-in one, a folder, a model already downloaded, or another kind; see Models in the docs",
    )
    embedding_backend: Literal["auto", "onnx", "torch"] = Field(
        default="auto", description="what runs the embedding model: ONNX Runtime, sentence-transformers, or the first that works"
    )
    model_cache: Path | None = Field(
        default=None, description="folder for models exported to ONNX, shared by all libraries; the user's cache folder if not set"
    )
    embedding_base_url: str | None = Field(
        default=None, description="OpenAI-compatible endpoint for `openai:MODEL`; `OPENAI_BASE_URL` and its key if not set"
    )
    embedding_api_key: SecretStr | None = Field(default=None, description="API key for RAG_EMBEDDING_BASE_URL; local servers need none")
    embedding_dimensions: int | None = Field(
        default=None,
        ge=1,
        le=65536,
        description="vector size, of endpoints and of models trained to be cut; the model's own if not set",
    )
    embedding_max_tokens: int = Field(default=8191, ge=64, description="longest text that the endpoint's model accepts, in tokens")
    chunk_tokens: int = Field(default=200, ge=16, le=8192, description="maximum chunk size, in the embedding model's tokens")
    top_k: int = Field(default=5, ge=1, le=100, description="passages retrieved per question")
    min_confidence: float = Field(default=0.3, ge=0, le=1, description="below this confidence, Footnote declines to answer")
    split_questions: bool = Field(default=True, description="search each of the documents, things or times that a question compares")
    question_filters: bool = Field(
        default=True, description='where a question says in which documents to look, such as "in the 2022 report", search those first'
    )
    reranker: str | None = Field(
        default=None,
        description="cross-encoder that reorders the best chunks: a folder, a model already downloaded, or an endpoint's address",
    )
    reranker_model: str | None = Field(default=None, description="model at the reranking endpoint, if it serves several")
    reranker_api_key: SecretStr | None = Field(default=None, description="API key for the reranking endpoint")
    rerank_depth: int = Field(default=20, ge=1, le=200, description="chunks that the reranker scores per question")
    profiles: bool = Field(
        default=True, description="rank documents by what a question names of them: their names, titles, companies, dates, years"
    )
    verifier: str = Field(
        default="off",
        description="model that checks sentences beside the rules: off, a cross-encoder (folder or downloaded), or an endpoint's address",
    )
    verifier_model: str | None = Field(default=None, description="model at the verifier's endpoint, if it serves several")
    verifier_api_key: SecretStr | None = Field(default=None, description="API key for the verifier's endpoint")
    wordings: bool = Field(
        default=True, description="search for synonyms and spelled-out acronyms of a question's words too, and correct typos"
    )
    read_depth: int = Field(
        default=12, ge=0, le=50, description="chunks per question that the built-in reader scores, to reorder them; 0 for none"
    )
    max_file_megabytes: float = Field(default=200, gt=0, description="maximum file size; larger files are refused")
    max_upload_files: int = Field(default=200, ge=1, description="maximum number of files in one upload")
    max_upload_megabytes: float = Field(default=2000, gt=0, description="maximum size of one upload, all files together")
    allowed_hosts: str | None = Field(
        default=None, description="additional host names of the page, separated by commas, such as docs.example.com"
    )
    base_path: str | None = Field(default=None, description="path below which a proxy serves the page, such as /footnote")
    api_token: SecretStr | None = Field(
        default=None, description="token for the HTTP API; needed unless only this machine reaches the server", repr=False
    )
    audit_days: int = Field(default=180, ge=1, le=36_500, description="days that records of the audit log are kept")
    audit_questions: bool = Field(default=True, description="record in the audit log what was asked, beside that something was")
    log_format: Literal["text", "json"] = Field(
        default="text", description="format of the server's log: `text`, or `json` with one object a line, for each request too"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="warning", description="least severity that is logged")
    questions_at_once: int = Field(
        default=0,
        ge=0,
        description="questions answered at a time, while others wait their turn; if 0, one per core (at least 2), and 20 by a chat model",
    )
    person_questions_at_once: int = Field(
        default=20, ge=0, description="questions of one person at a time, waiting ones too; 0 for any number"
    )
    person_questions_a_minute: int = Field(default=60, ge=0, description="questions of one person a minute; 0 for any number")
    person_questions_a_day: int = Field(default=0, ge=0, description="questions of one person a day; 0 for any number")
    person_tokens_a_day: int = Field(
        default=0, ge=0, description="tokens of the chat model, sent and written, for one person a day; 0 for any number"
    )
    person_files_a_day: int = Field(default=0, ge=0, description="files that one person adds a day; 0 for any number")
    person_megabytes_a_day: int = Field(default=0, ge=0, description="megabytes of files that one person adds a day; 0 for any number")
    person_stored_megabytes: int = Field(
        default=0, ge=0, description="megabytes of stored documents that one person added; 0 for any number"
    )
    chat_price: str | None = Field(
        default=None,
        description="price of a million tokens sent to the chat model, and of a million written by it, such as `0.15 0.60 EUR`",
    )
    conversation_days: int | None = Field(
        default=None, ge=1, le=36_500, description="days after which conversations that nobody has changed are deleted; kept if not set"
    )
    tls_certificate: Path | None = Field(default=None, description="PEM file of the server's certificate with its chain, for HTTPS")
    tls_key: Path | None = Field(default=None, description="PEM file of the certificate's private key, without a passphrase")
    trusted_proxies: str | None = Field(
        default=None,
        description="addresses and networks of proxies whose `X-Forwarded-*` headers count, separated by commas; "
        "`FORWARDED_ALLOW_IPS` if not set",
    )
    proxy_user_header: str | None = Field(
        default=None, description="header in which a trusted proxy names who has signed in there, such as `X-Remote-User`"
    )
    proxy_role: Literal["guest", "reader", "writer"] | None = Field(
        default=None, description="role of new users whom the proxy names; if not set, only users who were added may come in"
    )
    oidc_issuer: str | None = Field(
        default=None, description="OpenID Connect provider to sign in at, such as https://login.example.com; needs the two that follow"
    )
    oidc_client_id: str | None = Field(default=None, description="client ID of this server at the provider")
    oidc_client_secret: SecretStr | None = Field(default=None, description="client secret of this server at the provider")
    oidc_name: str = Field(default="single sign-on", max_length=60, description="name of the provider on the sign-in button")
    oidc_claim: str = Field(
        default="email", description="claim that names a user: `email`, if the provider has verified it, or another that it vouches for"
    )
    oidc_domains: str | None = Field(
        default=None, description="domains that verified e-mail addresses of the provider must have, separated by commas; any if not set"
    )
    oidc_role: Literal["guest", "reader", "writer"] | None = Field(
        default=None, description="role of new users whom the provider knows; if not set, only users who were added may come in"
    )
    oidc_groups_claim: str | None = Field(
        default=None,
        description="claim that lists a user's groups; at each sign-in the user joins those of the same name and leaves others",
    )
    passwords: bool = Field(default=True, description="whether users may sign in with passwords")
    watch: str | None = Field(
        default=None, description="folders that `rag serve` and `rag watch` follow, separated by a colon (on Windows, a semicolon)"
    )
    wait_seconds: float = Field(
        default=5, ge=0, description="how long a command waits for a library that another process holds, unless that is a server"
    )
    fetch_seconds: float = Field(default=120, gt=0, description="time limit for downloading one web page or file")
    fetch_private: bool = Field(default=False, description="allow web addresses of this machine and of local networks")
    parse_seconds: float = Field(default=60, gt=0, description="time limit for reading one page or part of a file")
    parse_megabytes: int = Field(default=2048, ge=256, description="memory limit for reading a file")
    ocr: bool = Field(default=True, description="read scans and images by OCR, where the extra `ocr` is installed")
    chroma_url: str | None = Field(default=None, description="Chroma server that stores chunks and vectors, instead of the library folder")
    chroma_token: SecretStr | None = Field(default=None, description="token for the Chroma server, if it needs one", repr=False)
    database_url: str | None = Field(
        default=None,
        repr=False,
        description="PostgreSQL database of a cluster, such as postgresql://user:password@host/name; needs the next two as well",
    )
    originals_url: str | None = Field(
        default=None,
        repr=False,
        description="where the servers of a cluster keep files: s3://bucket/prefix, or a folder they share, file:///folder",
    )
    replica: bool = Field(default=False, description="answer questions in a cluster, and never write: the writer does")
    server_url: str | None = Field(
        default=None, description="address at which the other servers of a cluster reach this one; if not set, its host name and port"
    )
    lease_seconds: float = Field(
        default=15,
        ge=2,
        le=600,
        description="seconds without a word from the writer until another server of the cluster takes its place",
    )
    snapshot_minutes: float = Field(
        default=10,
        gt=0,
        description="how often the writer of a cluster stores its keyword index for new replicas, if it has changed",
    )
    ray_address: str | None = Field(
        default=None, description="Ray cluster that reads and embeds documents, such as ray://head:10001; needs the extra `ray`"
    )
    drain_seconds: float = Field(
        default=3, ge=0, le=600, description="how long a server that is told to stop goes on with what it is answering"
    )

    chat_base_url: str | None = Field(default=None, description="OpenAI-compatible endpoint, such as http://localhost:11434/v1")
    chat_model: str | None = Field(default=None, description="chat model; detected if the endpoint serves exactly one")
    chat_api_key: SecretStr | None = Field(default=None, description="API key for RAG_CHAT_BASE_URL; local servers need none")
    chat_context_tokens: int = Field(
        default=CONTEXT_TOKENS, ge=512, description="context size of the chat model in tokens, answer included"
    )
    chat_max_tokens: int | None = Field(
        default=None, ge=16, description="maximum length of an answer, in tokens; the endpoint's own limit if not set"
    )
    chat_temperature: float | None = Field(
        default=None, ge=0, le=2, description="sampling temperature of the chat model; its own default if not set"
    )
    chat_seconds: float = Field(default=120, gt=0, description="timeout for the chat model's next words")
    chat_servers: str = Field(
        default=" ".join(f"http://127.0.0.1:{port}/v1" for port in LOCAL_SERVERS.values()),
        description="addresses where the page looks for chat servers to offer, separated by spaces; `none` looks nowhere",
    )
    answer_language: str | None = Field(
        default=None,
        max_length=40,
        description="language in which the chat model answers, such as `German` or `de`; the question's if not set",
    )
    answer_tone: Literal["plain", "formal", "friendly"] | None = Field(
        default=None, description="tone of the chat model's answers: `plain`, `formal` or `friendly`; its own if not set"
    )
    answer_length: Literal["short", "medium", "long"] = Field(
        default="medium", description="length of the chat model's answers: `short`, `medium` or `long`"
    )
    unsupported: Literal["mark", "regenerate", "soften", "drop"] = Field(
        default="mark",
        description="what becomes of sentences of the chat model's answer that no passage supports: `mark` them, have the model "
        "`regenerate` them from the nearest passage, `soften` them to its own words, or `drop` them",
    )
    instructions: str | None = Field(
        default=None, max_length=1500, description="your own instructions to the chat model, such as `Give amounts in euros`"
    )

    openai_base_url: str | None = Field(default=None, validation_alias=AliasChoices("openai_base_url", "OPENAI_BASE_URL"))
    openai_api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("openai_api_key", "OPENAI_API_KEY"))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        *_: Any,
        **__: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """In the order of precedence; pydantic-settings asks for them."""
        return init_settings, *(make() for _, make in _sources())

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """Hide passwords in addresses from `repr`."""
        for name, value in super().__repr_args__():
            yield name, without_secrets(value) if isinstance(value, str) and "://" in value else value

    @field_validator("allowed_hosts")
    @classmethod
    def _holds_names(cls, value: str | None) -> str | None:
        for name in (value or "").split(","):
            if not re.fullmatch(r"\s*(\[?[0-9A-Fa-f:.]+\]?|[\w.-]+)?\s*", name, re.ASCII):
                raise ValueError(f"{name.strip()!r} is not a host name or address; give names without http:// and without a port")
        return value

    @field_validator("chat_price")
    @classmethod
    def _is_price(cls, value: str | None) -> str | None:
        if value and not PRICE.fullmatch(value):
            raise ValueError(f"{value!r} is not two prices and a currency, such as 0.15 0.60 EUR")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _holds_networks(cls, value: str | None) -> str | None:
        networks_in(value or "")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _is_an_issuer(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "")
        if value and not (parts.hostname and (parts.scheme == "https" or is_plain_loopback(value)) and not parts.query + parts.fragment):
            raise ValueError(f"{value!r} is not the address of a provider; it begins with https:// and ends before ?")
        return value

    @field_validator("proxy_user_header")
    @classmethod
    def _names_a_header(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"[A-Za-z0-9-]{1,60}", value):
            raise ValueError(f"{value!r} is not the name of a header; give letters, digits and hyphens, such as X-Remote-User")
        return value

    @field_validator("base_path")
    @classmethod
    def _is_a_path(cls, value: str | None) -> str:
        value = (value or "").strip().rstrip("/")
        if not re.fullmatch(r"(/[\w~-][\w.~-]*)*", value, re.ASCII):
            raise ValueError(f"{value!r} is not a path; give one such as /footnote, of letters, digits, hyphens, dots and underscores")
        return value

    @field_validator("answer_language")
    @classmethod
    def _names_a_language(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"[^\W\d_]+([ -][^\W\d_]+)*", value):
            raise ValueError(f"{value!r} is not the name of a language, such as German, nor a code, such as de")
        return LANGUAGES.get((value or "").lower(), value)

    @property
    def allowed_names(self) -> list[str]:
        """The names in `allowed_hosts`."""
        return [name.strip() for name in (self.allowed_hosts or "").split(",") if name.strip()]

    @property
    def token_price(self) -> tuple[float, float, str] | None:
        """The prices in `chat_price` and their currency; None where none is set."""
        found = PRICE.fullmatch(self.chat_price or "")
        return (float(found[1]), float(found[2]), found[3] or "") if found else None

    @property
    def proxy_networks(self) -> list[Network]:
        """The networks in `trusted_proxies`, else in the variable that uvicorn reads; raises SettingsError where that holds others."""
        try:
            return networks_in(self.trusted_proxies or os.environ.get("FORWARDED_ALLOW_IPS", ""))
        except ValueError as error:
            raise SettingsError(f"FORWARDED_ALLOW_IPS in the environment: {error}.") from error

    @property
    def watched_folders(self) -> list[Path]:
        """The folders in `watch`."""
        return [Path(folder.strip()).expanduser() for folder in (self.watch or "").split(os.pathsep) if folder.strip()]

    @property
    def exported_models(self) -> Path:
        """The folder of exported embedding models."""
        return self.model_cache or user_cache_path("footnote", appauthor=False)

    @property
    def chat_endpoint(self) -> ChatEndpoint | None:
        """The endpoint that writes answers, or None for quoted answers.

        `RAG_CHAT_BASE_URL` goes with `RAG_CHAT_API_KEY`, else `OPENAI_BASE_URL` with `OPENAI_API_KEY`; keys never go to the other host.
        """
        found = self._endpoint(self.chat_base_url, self.chat_api_key)
        return ChatEndpoint(*found, self.chat_model) if found else None

    @property
    def embedding_endpoint(self) -> EmbeddingEndpoint | None:
        """The endpoint of `openai:MODEL`, chosen as `chat_endpoint` is; None if none is set."""
        found = self._endpoint(self.embedding_base_url, self.embedding_api_key)
        return EmbeddingEndpoint(*found, self.embedding_dimensions, self.embedding_max_tokens) if found else None

    def _endpoint(self, base_url: str | None, key: SecretStr | None) -> tuple[str, SecretStr | None] | None:
        """An address with its key, else those of OpenAI's own variables."""
        if base_url:
            return base_url, key
        if self.openai_base_url or self.openai_api_key:
            return self.openai_base_url or OPENAI_BASE_URL, self.openai_api_key
        return None


def networks_in(value: str) -> list[Network]:
    """Addresses and networks, separated by commas; `*` is every one. Raises ValueError."""
    found = list[Network]()
    for given in filter(None, map(str.strip, value.split(","))):
        try:
            found += map(ipaddress.ip_network, ("0.0.0.0/0", "::/0") if given == "*" else (given,))
        except ValueError as error:
            raise ValueError(f"{given!r} is not an address or network; give numbers, such as 10.0.0.2 or 192.168.1.0/24") from error
    return found


def is_plain_loopback(address: str) -> bool:
    """Whether a web address needs no TLS, because it is this machine's."""
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}


Source = Callable[[], PydanticBaseSettingsSource]


def _sources() -> list[tuple[str, Source]]:
    """What is read besides arguments, with how messages call it, in the order of precedence."""
    sources: list[tuple[str, Source]] = [("the environment", lambda: EnvSettingsSource(Settings))]
    if os.environ.get(FILES_OFF, "").lower() not in {"0", "false", "no", "off"}:
        sources.append((str(ENV_FILE), lambda: _EnvFile(Settings, env_file=ENV_FILE, dotenv_filtering="only_existing")))
        sources.append((str(TOML_FILE), _TomlFile))
    return sources


class _EnvFile(DotEnvSettingsSource):
    def __init__(self, *given: Any, **options: Any) -> None:
        try:
            super().__init__(*given, **options)
        except (OSError, ValueError) as error:
            raise SettingsError(f"{ENV_FILE.absolute()} cannot be read: {error}. Correct the file, or remove it.") from error


class _TomlFile(TomlConfigSettingsSource):
    def __init__(self) -> None:
        try:
            super().__init__(Settings, toml_file=TOML_FILE)
        except (OSError, ValueError) as error:
            raise SettingsError(f"{TOML_FILE.absolute()} is not valid TOML: {error}. Correct the file, or remove it.") from error


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return name.upper() if name.startswith("openai_") else f"RAG_{name.upper()}"


def where_set(name: str) -> str:
    """Where a setting is set outside the library: "RAG_TOP_K in the environment", "top_k in footnote.toml"; "" where it is not."""
    for place, make in _sources():
        if {name, name.upper()} & make()().keys():
            return f"{name if place == str(TOML_FILE) else variable_of(name)} in {place}"
    return ""


def problems(error: ValidationError) -> list[str]:
    """What is wrong with settings, a sentence each: the setting, where its value comes from, and what it must be."""
    return [_problem(each["loc"], each["msg"], each.get("input")) for each in error.errors()]


def _problem(loc: tuple[int | str, ...], must: str, value: object) -> str:
    given = "_".join(map(str, loc))
    name = given.lower()
    if name not in Settings.model_fields:
        return f"{given} in {TOML_FILE} is not a setting. Correct or remove it."
    where, must = where_set(name) or variable_of(name), must.removeprefix("Value error, ")
    shown = "" if "key" in name or name.endswith(("token", "secret")) else f" (it is {value!r})"
    return f"{where}: {must[0].lower()}{must[1:]}{shown}."
