# Everything that is done to the project. `make help` lists it.

BIN  := $(CURDIR)/.bin
SDK  := sdk/js
JSBIN = $(SDK)/node_modules/.bin
# npm writes this file last, so it is newer than the lock exactly when node_modules is what the lock says.
DEPS := $(SDK)/node_modules/.package-lock.json
# Each folder "script" of TypeScript makes the JavaScript in the folder "static" beside it, which Go programs embed.
SCRIPTS = $(wildcard internal/*/script)
# The race detector needs a C compiler; `make test` installs one where it may.
RACE  = $(shell command -v gcc >/dev/null 2>&1 && echo -race)

.DEFAULT_GOAL := help
.PHONY: help run build test quick check generate fmt bench microbench fuzz torture deps setup tools

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## start the server on http://localhost:8080
	go run ./cmd/mayfly serve

build: ## build ./mayfly, stripped
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o mayfly ./cmd/mayfly

test: setup tools ## run all tests: race detector, real database, real browser, the SDK; installs what they need
	@$(if $(RACE),,echo "no C compiler: the race detector stays off")
	@$(BIN)/suites \
	  go    '$(GOTEST) $(RACE) -tags e2e -timeout 20m ./...' \
	  tools 'cd tools && $(GOTEST) ./...' \
	  sdk   './tools/node && make --no-print-directory deps && cd $(SDK) && $(VITEST)'

# Each suite leaves its report where $(BIN)/suites looks for it.
GOTEST = $(BIN)/gotestsum --format pkgname-and-test-fails --format-hide-empty-pkg --junitfile $$REPORT --
VITEST = node_modules/.bin/vitest run --reporter=default --reporter=junit --outputFile.junit=$$REPORT

quick: ## run the tests that need nothing but Go
	go test ./...

check: setup tools deps ## format, vet, staticcheck, floors, go.mod tidy, types, generated files, known vulnerabilities
	@unformatted=$$($(BIN)/gofumpt -l $$(git ls-files -co --exclude-standard '*.go')); \
	  if [ -n "$$unformatted" ]; then echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; fi
	go vet -tags e2e ./...
	cd tools && go vet ./...
	cd tools/ferretdb && go vet ./...
	$(BIN)/staticcheck -tags e2e ./...
	cd tools && $(BIN)/staticcheck ./...
	go mod tidy -diff
	cd tools && go mod tidy -diff
	cd tools/ferretdb && go mod tidy -diff
	go test ./internal/house
	$(JSBIN)/biome check
	$(JSBIN)/tsc -p $(SDK)
	$(JSBIN)/tsc -p internal
	@for from in $(SCRIPTS); do $(BIN)/bundle -check . $$from $${from%script}static || exit 1; done
	@$(BIN)/govulncheck ./... || echo "govulncheck found something, or could not reach its database: look above"

generate: tools ## make the scripts of the server's pages from their TypeScript
	@for from in $(SCRIPTS); do $(BIN)/bundle . $$from $${from%script}static || exit 1; done

fmt: setup tools deps ## format all Go, TypeScript and JavaScript
	$(BIN)/gofumpt -w $$(git ls-files -co --exclude-standard '*.go')
	$(JSBIN)/biome check --write

bench: deps ## measure Mayfly beside its yardsticks; OUT=docs keeps figures and plots, BENCH='-only refresh' is a part
	cd $(SDK) && npm run --silent build >/dev/null
	go run ./bench $(if $(OUT),-out $(OUT)) $(BENCH)

microbench: ## run the benchmarks of single packages
	go test -run '^$$' -bench . -benchmem ./...

FUZZTIME ?= 30s
fuzz: ## fuzz every parser of outside bytes for FUZZTIME each
	@for pkg in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done; \
	done

TORTURE ?= 10m
torture: setup ## disturb real nodes over each store for TORTURE (10m, or 20 for as many rounds); says what was lost
	MAYFLY_TORTURE=$(TORTURE) go test -tags e2e $(RACE) -count 1 -timeout 0 -v -run TestNothingIsLost ./e2e/torture

setup:
	@./tools/setup

tools:
	@cd tools && GOBIN=$(BIN) go install tool

deps: $(DEPS)
$(DEPS): $(SDK)/package-lock.json | setup
	@./tools/node
	cd $(SDK) && npm ci --no-audit --no-fund --loglevel=error
