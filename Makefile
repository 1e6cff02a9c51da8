# Two commands do everything on a fresh machine with Python 3.11: `make demo` and `make test`.
.PHONY: setup demo ui test lint lock audit
UV := $(shell command -v uv || echo .uv/bin/uv)
BIN := .venv/bin
STAMP := .venv/.installed
# Where it is set, as in many containers, each of the processes that a run or a test starts compiles its libraries anew.
export PYTHONDONTWRITEBYTECODE :=

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@command -v $(UV) >/dev/null || { python3 -m venv .uv && .uv/bin/pip install --quiet uv; }
	test -x $(BIN)/python || $(UV) venv --quiet --python 3.11 .venv
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	@# Compiles what runs use; what is missing here is said, with the way out, by what needs it.
	@$(BIN)/python -c "import agent.run, agent.cli.app, tools.trainers.yolo, torch._inductor, streamlit.web.bootstrap; \
		from tools.models.networks import quiet_ultralytics; quiet_ultralytics(); import ultralytics.nn.tasks" >/dev/null 2>&1 || true
	@touch $@

demo: setup
	$(BIN)/sightsmith build "build me an apple segmenter" --effort quick --minutes 11 --yes

ui: setup
	$(BIN)/sightsmith ui

# Tests share the cores, one thread each; slow ones start servers, browsers and trainings.
# A worker that dies ends its part: restarted, xdist waits for ever for what was lost with it.
# Both parts always run; what failed in either stands at the end. A file keeps to one worker: its fixtures and imports too.
test: setup
	@logs=$$(mktemp -d) && trap 'rm -r "$$logs"' EXIT && \
	{ OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile --max-worker-restart 0 --durations 10 -m "not slow" 2>&1 || touch "$$logs/red"; } | tee "$$logs/fast"; \
	{ OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile --max-worker-restart 0 --no-loadscope-reorder --durations 20 -m slow 2>&1 || touch "$$logs/red"; } | tee "$$logs/slow"; \
	for part in fast slow; do \
		printf '\n%s tests: ' $$part; tail -n 1 "$$logs/$$part"; grep -E '^(FAILED|ERROR) ' "$$logs/$$part"; \
	done; \
	test ! -e "$$logs/red"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Advisories about what the lock pins; says so where the registry serves none.
audit: setup
	$(BIN)/python .ci/audit.py $(UV)

# The lock: hashes for Linux and Python 3.11, and no address of any index.
lock:
	$(UV) pip compile --quiet --python-version 3.11 --python-platform x86_64-manylinux_2_28 --extra dev --extra serve --extra cluster --extra edge --extra cvat --generate-hashes \
		--no-header pyproject.toml -o requirements.lock
