# graphkit from this checkout. Every archive is checked against a hash in the repository.
FROM python:3.12-slim
RUN useradd --create-home graphkit
WORKDIR /opt/graphkit
COPY requirements.txt pyproject.toml hatch_build.py README.md LICENSE ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.txt
COPY graphkit graphkit
COPY queries queries
COPY examples examples
RUN pip install --no-cache-dir --no-index --no-deps --no-build-isolation .
USER graphkit
ENTRYPOINT ["graphkit"]
