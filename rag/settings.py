"""Settings, and the one place that reads the environment."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path
from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.endpoints.addresses import without_secrets

DEFAULT_EMBEDDING_MODEL = "all-MiniLM-L6-v2"
OPENAI_BASE_URL = "https://api.openai.com/v1"


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
    """The settings, given as arguments or environment variables (`RAG_` and the field's name in capitals).

    Raises:
        pydantic.ValidationError: A value is out of range or of the wrong kind.
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
        default=None, ge=1, le=65536, description="vector size requested from the endpoint; the model's own if not set"
    )
    embedding_max_tokens: int = Field(default=8191, ge=64, description="longest text that the endpoint's model accepts, in tokens")
    chunk_tokens: int = Field(default=200, ge=16, le=8192, description="maximum chunk size, in the embedding model's tokens")
    top_k: int = Field(default=5, ge=1, le=100, description="passages retrieved per question")
    min_confidence: float = Field(default=0.3, ge=0, le=1, description="below this confidence, Footnote declines to answer")
    split_questions: bool = Field(default=True, description="search each of the documents, things or times that a question compares")
    reranker: str | None = Field(
        default=None,
        description="cross-encoder that reorders the best chunks: a folder, a model already downloaded, or an endpoint's address",
    )
    reranker_model: str | None = Field(default=None, description="model at the reranking endpoint, if it serves several")
    reranker_api_key: SecretStr | None = Field(default=None, description="API key for the reranking endpoint")
    rerank_depth: int = Field(default=20, ge=1, le=200, description="chunks that the reranker scores per question")
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
    api_token: SecretStr | None = Field(
        default=None, description="token for the HTTP API; needed unless only this machine reaches the server", repr=False
    )
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

    chat_base_url: str | None = Field(default=None, description="OpenAI-compatible endpoint, such as http://localhost:11434/v1")
    chat_model: str | None = Field(default=None, description="chat model; detected if the endpoint serves exactly one")
    chat_api_key: SecretStr | None = Field(default=None, description="API key for RAG_CHAT_BASE_URL; local servers need none")
    chat_context_tokens: int = Field(default=4096, ge=512, description="context size of the chat model in tokens, answer included")
    chat_max_tokens: int | None = Field(
        default=None, ge=16, description="maximum length of an answer, in tokens; the endpoint's own limit if not set"
    )
    chat_temperature: float | None = Field(
        default=None, ge=0, le=2, description="sampling temperature of the chat model; its own default if not set"
    )
    chat_seconds: float = Field(default=120, gt=0, description="timeout for the chat model's next words")

    openai_base_url: str | None = Field(default=None, validation_alias=AliasChoices("openai_base_url", "OPENAI_BASE_URL"))
    openai_api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("openai_api_key", "OPENAI_API_KEY"))

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

    @property
    def allowed_names(self) -> list[str]:
        """The names in `allowed_hosts`."""
        return [name.strip() for name in (self.allowed_hosts or "").split(",") if name.strip()]

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
