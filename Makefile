# make demo | test | test-thorough | lint | coverage | sizes | same-answers | bench | bench-all | bench-check | flips | chaos | memory | fuzz | load | pins. Needs Python 3.11 or newer and make; everything else goes into .venv.
.POSIX:
.SUFFIXES:

# Candidates; the first that is new enough makes .venv. Choose one with: make PYTHON=python3.12
PYTHON = python3.13 python3.12 python3.11 python3

# What the tests need beside Python, as command=Debian-package.
TEST_NEEDS = chromium=chromium java=openjdk-17-jre-headless mvn=maven

# A release younger than this is not taken by `make pins`: most compromised ones are found within days.
COOLDOWN = 7 days

BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
# Every archive is checked against a hash in the repository; the checkout itself is then installed with nothing fetched.
INSTALL = $(PIP) install --quiet --require-hashes --requirement
PINS = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-config \
	--exclude-newer '$(COOLDOWN)' --custom-compile-command 'make pins'

demo: .venv/.runtime
	$(BIN)/graphkit demo --output report.html

test: needs lint
	$(BIN)/python -m pytest -n 3 --dist loadgroup

lint: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# All that the laws have to try, and more trees beside pip: for a release, and for whoever changes how verdicts are found.
test-thorough: needs lint
	GRAPHKIT_TESTS=thorough $(BIN)/python -m pytest -n 2 --dist loadgroup

# Lines and branches that the tests beside the code reach, against the floors in pyproject.toml. No server, no browser.
coverage: .venv/.dev
	$(BIN)/python -m benchmarks.coverage_floors

# How large the code is; Python alone is enough for it.
sizes: .venv/.made
	@$(BIN)/python -m benchmarks.sizes

# With BASE=<commit>: this checkout beside that commit, question by question; OPTIONS=--no-index asks about the case alone.
# Without: what starts take, printed and kept nowhere but in build/bench.
bench: .venv/.runtime
	@if [ -n "$(BASE)" ]; then $(BIN)/python -m benchmarks.ratios "$(BASE)" $(OPTIONS); \
	else $(BIN)/python -m benchmarks.figures.run --parts starts --again starts --no-tables $(OPTIONS); fi

# Every figure of README.md and docs/performance.md, part by part, into build/bench; then the tables. What is there is not measured again:
# OPTIONS='--again PART'. An hour or two on an idle machine, up to 12 GB of memory and of disk.
bench-all: .venv/.dev
	$(BIN)/python -m benchmarks.figures.run $(OPTIONS)

# The ratios in build/bench beside what is asked of them; OPTIONS=--strict fails where one is missed.
bench-check: .venv/.runtime
	@$(BIN)/python -m benchmarks.figures.targets $(OPTIONS)

# With BASE=<commit>: every case asked of that commit and of this checkout; fails where the JSON of an answer differs.
same-answers: .venv/.dev
	$(BIN)/python -m benchmarks.same_answers "$(BASE)"

# A thousand times a damaged file in a copy of a graph, and the same questions; fails where an answer differs. Half an hour.
# OPTIONS='GRAPH --count 40 --seed 3'; OPTIONS='--seed 3 --only 17' repeats one.
flips: .venv/.runtime
	@$(BIN)/python -m benchmarks.reliability.flips $(OPTIONS)

# Three hundred times a verb killed at a random point, on a graph in a folder or on a Neo4j server that is started; fails
# where something is lost, half or left behind. Half an hour. OPTIONS='--no-server --count 40 --seed 3'; '--only 17' repeats.
# OPTIONS='--kill-server --count 12' kills the server below a push, a mark, a question and an ingest: a minute or more each.
chaos: .venv/.dev
	@nice -n 10 $(BIN)/python -m benchmarks.reliability.chaos $(OPTIONS)

# Verbs with 300, 600 and 1,000 MB of address space; fails where one ends without an answer or one line. Some minutes.
memory: .venv/.dev
	@$(BIN)/python -m benchmarks.reliability.memory $(OPTIONS)

# Readers, pages, requirements and purls, fuzzed by coverage, four minutes for each family; for an hour each:
# OPTIONS='--seconds 3600'. OPTIONS='purls --keep' renews the corpus of one. Fails where something is found. Linux only.
fuzz: .venv/.dev
	@$(BIN)/python -m benchmarks.reliability.fuzz $(OPTIONS)

# What large inputs take and how that grows, at a hundredth and a tenth of their sizes; all of it: OPTIONS='--share 0.1 1'.
load: .venv/.runtime
	@$(BIN)/python -m benchmarks.load $(OPTIONS)

pins: .venv/.dev
	$(PINS) --extra vex --output-file requirements.txt pyproject.toml requirements-build.in
	$(PINS) --all-extras --output-file requirements-dev.txt --constraint requirements.txt \
		pyproject.toml requirements-build.in requirements-dev.in

needs:
	@missing=; \
	for need in $(TEST_NEEDS); do \
		command -v "$${need%%=*}" >/dev/null 2>&1 || missing="$$missing $${need#*=}"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then \
		echo "make test needs, by their Debian names:$$missing. Install them, then run make test again." >&2; exit 1; \
	fi; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing

# Stamps: each is newer than what it was made from, so a second make does nothing again.
.venv/.made:
	@for python in $(PYTHON); do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			"$$python" -m venv .venv && : >$@; exit; \
		fi; \
	done; \
	echo "graphkit needs Python 3.11 or newer, and none of these is: $(PYTHON). Try: make PYTHON=/path/to/python" >&2; exit 1

.venv/.runtime: .venv/.made requirements.txt pyproject.toml
	$(INSTALL) requirements.txt
	$(PIP) install --quiet --no-index --no-deps --no-build-isolation --editable .
	@: >$@

.venv/.dev: .venv/.runtime requirements-dev.txt
	$(INSTALL) requirements-dev.txt
	@: >$@

.PHONY: demo test test-thorough lint coverage sizes same-answers bench bench-all bench-check flips chaos memory fuzz load \
	pins needs
