FROM python:3.12-slim

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1

RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/paperround paperround

WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY service ./service
COPY templates ./templates
COPY migrations ./migrations
RUN pip install --constraint constraints.txt ".[dkim,postgres]" && rm -rf /src

USER paperround
# With nothing configured, the embedded database and its key are kept here.
WORKDIR /var/lib/paperround

EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]

ENTRYPOINT ["paperround"]
CMD ["run", "--host", "0.0.0.0"]
