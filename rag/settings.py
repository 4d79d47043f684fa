"""Settings, and the one place that reads the environment."""

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
    """Where the chat model answers, and the key meant for that place and no other."""

    base_url: str = field(repr=False)  # it may hold a password
    api_key: SecretStr | None
    model: str | None


@dataclass(frozen=True, slots=True)
class EmbeddingEndpoint:
    """Where vectors are made, the key meant for that place and no other, and what is asked of it."""

    base_url: str = field(repr=False)
    api_key: SecretStr | None = None
    dimensions: int | None = None
    max_tokens: int = 8191


class Settings(BaseSettings):
    """What can be set, by argument or by environment variable (`RAG_` and the field's name in capitals).

    Raises:
        pydantic.ValidationError: A value is out of range or of the wrong kind.
    """

    model_config = SettingsConfigDict(env_prefix="RAG_", env_ignore_empty=True, frozen=True, extra="forbid", populate_by_name=True)

    library: Path = Field(default=Path("data/library"), description="folder of the library")
    embedding_model: str = Field(
        default=DEFAULT_EMBEDDING_MODEL,
        description="embedding model: the built-in one, a folder, a name already downloaded, or another kind: see Other embedding models",
    )
    embedding_backend: Literal["auto", "onnx", "torch"] = Field(
        default="auto", description="what runs the embedding model: ONNX Runtime, sentence-transformers, or the first that can"
    )
    model_cache: Path | None = Field(
        default=None, description="folder of models exported for ONNX Runtime, for all libraries; the user's cache folder if not set"
    )
    embedding_base_url: str | None = Field(
        default=None, description="OpenAI-compatible endpoint for `openai:MODEL`; `OPENAI_BASE_URL` with its key if not set"
    )
    embedding_api_key: SecretStr | None = Field(default=None, description="key for RAG_EMBEDDING_BASE_URL; local servers need none")
    embedding_dimensions: int | None = Field(
        default=None, ge=1, le=65536, description="numbers in a vector that the endpoint is asked for; the model's own if not set"
    )
    embedding_max_tokens: int = Field(default=8191, ge=64, description="tokens that the endpoint's model reads of a text")
    chunk_tokens: int = Field(default=200, ge=16, le=8192, description="longest chunk, in the embedding model's tokens")
    top_k: int = Field(default=5, ge=1, le=100, description="passages retrieved for a question")
    min_confidence: float = Field(
        default=0.3, ge=0, le=1, description="with less confidence that the passages answer, the documents do not say"
    )
    reranker: str | None = Field(
        default=None, description="cross-encoder that has the last word on the order: a folder, a downloaded name, or an endpoint's address"
    )
    reranker_model: str | None = Field(default=None, description="model at the reranking endpoint, where it serves several")
    reranker_api_key: SecretStr | None = Field(default=None, description="key for the reranking endpoint")
    rerank_depth: int = Field(default=20, ge=1, le=200, description="chunks that the reranker reads for a question")
    max_file_megabytes: float = Field(default=200, gt=0, description="larger files are refused")
    max_upload_files: int = Field(default=200, ge=1, description="most files in one upload to the page")
    max_upload_megabytes: float = Field(default=2000, gt=0, description="most that one upload to the page may hold, all files together")
    allowed_hosts: str | None = Field(
        default=None, description="more names, separated by commas, under which the page is reached, such as docs.example.com"
    )
    parse_seconds: float = Field(default=60, gt=0, description="time limit for reading one page or part of a file")
    parse_megabytes: int = Field(default=2048, ge=256, description="memory a file may take while it is read")
    chroma_url: str | None = Field(default=None, description="Chroma server that keeps the record, instead of the library's folder")

    chat_base_url: str | None = Field(default=None, description="OpenAI-compatible endpoint, such as http://localhost:11434/v1")
    chat_model: str | None = Field(default=None, description="chat model; found by itself where the endpoint serves exactly one")
    chat_api_key: SecretStr | None = Field(default=None, description="key for RAG_CHAT_BASE_URL; local servers need none")
    chat_context_tokens: int = Field(default=4096, ge=512, description="tokens the chat model can take, answer included")
    chat_max_tokens: int | None = Field(default=None, ge=16, description="longest answer, in tokens; the endpoint's own limit if not set")
    chat_temperature: float | None = Field(default=None, ge=0, le=2, description="randomness of the chat model; its own default if not set")
    chat_seconds: float = Field(default=120, gt=0, description="longest wait for the chat model's next words")

    openai_base_url: str | None = Field(default=None, validation_alias=AliasChoices("openai_base_url", "OPENAI_BASE_URL"))
    openai_api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("openai_api_key", "OPENAI_API_KEY"))

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """What `repr` shows: addresses without their passwords."""
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
    def exported_models(self) -> Path:
        """The folder of exported embedding models."""
        return self.model_cache or user_cache_path("footnote", appauthor=False)

    @property
    def chat_endpoint(self) -> ChatEndpoint | None:
        """The endpoint that answers, or None for extractive answers.

        `RAG_CHAT_BASE_URL` goes with `RAG_CHAT_API_KEY`, else `OPENAI_BASE_URL` with `OPENAI_API_KEY`; a key is never
        sent to the other one's host.
        """
        if self.chat_base_url:
            return ChatEndpoint(self.chat_base_url, self.chat_api_key, self.chat_model)
        if self.openai_base_url or self.openai_api_key:
            return ChatEndpoint(self.openai_base_url or OPENAI_BASE_URL, self.openai_api_key, self.chat_model)
        return None

    @property
    def embedding_endpoint(self) -> EmbeddingEndpoint | None:
        """The endpoint of `openai:MODEL`, chosen as the chat's is; None where none is set."""
        if self.embedding_base_url:
            base_url, key = self.embedding_base_url, self.embedding_api_key
        elif self.openai_base_url or self.openai_api_key:
            base_url, key = self.openai_base_url or OPENAI_BASE_URL, self.openai_api_key
        else:
            return None
        return EmbeddingEndpoint(base_url, key, self.embedding_dimensions, self.embedding_max_tokens)
