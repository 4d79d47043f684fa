# Footnote on the processor, without a graphics card:
#   docker build -t footnote .
#   docker run -p 127.0.0.1:7860:7860 -v footnote:/data footnote
# Its log has a link that makes the first administrator.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/footnote
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY rag rag
COPY ui ui
ARG EXTRAS=ocr,cluster,otel
RUN /opt/footnote/bin/pip install --no-cache-dir -c constraints.txt ".[$EXTRAS]"

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --create-home footnote && mkdir /data && chown footnote /data
COPY --from=build /opt/footnote /opt/footnote
ENV PATH=/opt/footnote/bin:$PATH \
    HF_HOME=/data/huggingface \
    RAG_LIBRARY=/data/library \
    RAG_MODEL_CACHE=/data/models
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
CMD ["rag", "serve", "--host", "0.0.0.0", "--port", "7860"]
