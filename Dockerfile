# The image of the server and its worker: `docker build -t work-and-health .`
FROM python:3.11-slim-trixie AS build
COPY requirements/server.txt /requirements.txt
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r /requirements.txt

FROM python:3.11-slim-trixie
# `backup` and `restore` need the programs of PostgreSQL. Their version is Debian's, of which security updates come.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin work-and-health
COPY --from=build /venv /venv
WORKDIR /app
COPY pyproject.toml openapi.yaml ./
COPY api api
COPY docs docs
COPY migrations migrations
COPY schema schema
# Partners install the SDK from the server.
COPY sdk sdk
# Compiled once here: the running container writes nothing.
RUN /venv/bin/python -m compileall -q api schema migrations
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 WORK_HEALTH_HOST=0.0.0.0
USER 10001
EXPOSE 8000
ENTRYPOINT ["python", "-m", "api"]
CMD ["serve"]
