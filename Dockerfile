# The service for a cluster: `serve`, `worker`, `migrate`, `first-start`. Database and object store are elsewhere (compose.yaml).
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
WORKDIR /build
RUN python -m venv /opt/bodycam
COPY requirements.lock ./
RUN /opt/bodycam/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY package.json package-lock.json requirements-node.lock ./
COPY tools/fetch_assets.py tools/
RUN python tools/fetch_assets.py
COPY . .
RUN python tools/build_verify_page.py
RUN /opt/bodycam/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-build-isolation --no-deps . \
    && /opt/bodycam/bin/python -m pip uninstall --yes --quiet hatchling editables pathspec pluggy trove-classifiers pip

FROM python:${PYTHON_VERSION}-slim
RUN apt-get update -qq && apt-get install --yes --no-install-recommends fonts-noto-cjk && rm -rf /var/lib/apt/lists/*
RUN python -m pip uninstall --yes --quiet pip --root-user-action=ignore \
    && useradd --system --uid 10001 --home-dir /var/lib/bodycam --shell /usr/sbin/nologin bodycam \
    && install --directory --owner bodycam --group bodycam --mode 0700 /var/lib/bodycam /var/lib/bodycam/keys
COPY --from=build /opt/bodycam /opt/bodycam
ENV PATH=/opt/bodycam/bin:$PATH LANG=C.UTF-8 PYTHONUNBUFFERED=1 BODYCAM_KEYS_DIR=/var/lib/bodycam/keys
USER bodycam
WORKDIR /var/lib/bodycam
VOLUME /var/lib/bodycam
EXPOSE 8443
ENTRYPOINT ["bodycam"]
CMD ["--help"]
