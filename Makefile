# Everything here needs Go, git and make, and nothing else.

SHELL       := /bin/sh
GO          ?= go
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS     := -s -w -X github.com/tiphys-dev/tiphys/internal/version.version=$(VERSION)
FUZZTIME    ?= 60s
STATICCHECK  = $(GO) tool -modfile=tools/go.mod staticcheck

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show what there is to make
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/tiphys, bin/tiphys-webhook and bin/tiphys-controller
	$(call program,bin/tiphys,.,-ldflags '$(LDFLAGS)' ./cmd/tiphys)
	$(call program,bin/tiphys-webhook,.,-ldflags '$(LDFLAGS)' ./cmd/tiphys-webhook)
	$(call program,bin/tiphys-controller,.,-ldflags '$(LDFLAGS)' ./cmd/tiphys-controller)

# $(call program,FILE,FOLDER,ARGUMENTS) builds a program in a folder. It is put in
# its place in one step, once it is whole: an interrupt, or a kill, leaves no half
# of one that make would take for good, and one that runs is left alone. It begins
# as a copy of the old one, since what is up to date is not linked again.
define program
@echo "building $(1)$(if $(4), ($(4)))"; mkdir -p $(dir $(1)); \
find $(dir $(1)) -name '*.new-*' -mmin +60 -exec rm -f {} +; \
new=$(CURDIR)/$(1).new-$$$$; trap 'rm -f "$$new"' EXIT; trap 'exit 130' HUP INT TERM; \
if [ -f $(1) ]; then cp -p $(1) "$$new"; fi; \
cd $(2) && $(GO) build -o "$$new" $(3) && touch "$$new" && mv -f "$$new" $(CURDIR)/$(1)
endef

.PHONY: test
test: testbin ## Run all tests
	@echo "$(GO) test -p 2 ./..."; $(GO) test -p 2 ./...; status=$$?; \
	cd tools && echo "$(GO) test -p 2 ./release/..." && $(GO) test -p 2 ./release/... && exit $$status

# The real programs that tests run. They are built again only when the go.mod
# that pins them changes.
.PHONY: testbin
testbin: bin/test/helm3 bin/test/helm4 bin/test/sops bin/test/kubectl bin/test/controlplane

bin/test/helm3: test/tools/go.mod
	$(call program,$@,test/tools,-ldflags '-s -w -X helm.sh/helm/v3/internal/version.version=$(call pinned,helm.sh/helm/v3)' helm.sh/helm/v3/cmd/helm,the first time about 2 minutes)

bin/test/helm4: test/tools/go.mod
	$(call program,$@,test/tools,-ldflags '-s -w -X helm.sh/helm/v4/internal/version.version=$(call pinned,helm.sh/helm/v4)' helm.sh/helm/v4/cmd/helm,the first time about a minute)

bin/test/sops: test/tools/go.mod
	$(call program,$@,test/tools,-ldflags '-s -w' github.com/getsops/sops/v3/cmd/sops,the first time about 2 minutes)

bin/test/kubectl: test/tools/go.mod test/tools/kubectl/main.go
	$(call program,$@,test/tools,-ldflags '-s -w' ./kubectl,the first time about a minute)

bin/test/controlplane: test/controlplane/go.mod $(wildcard test/controlplane/*.go)
	$(call program,$@,test/controlplane,-ldflags '-s -w $(KUBEVERSION)' .,etcd and kube-apiserver: the first time about 5 minutes)

# Our own programs, as tests run them. What of them is up to date is for Go to say.
bin/test/tiphys bin/test/tiphys-webhook bin/test/tiphys-controller: always
	$(call program,$@,.,-ldflags '-s -w' ./cmd/$(@F))

bin/test/demo: always
	$(call program,$@,.,-ldflags '-s -w' ./test/demo)

.PHONY: always
always:

# The version that test/tools pins a module at.
pinned = $(shell sed -n 's|^[[:space:]]*$(1) \(v[^ ]*\).*|\1|p' test/tools/go.mod)

# An API server tells its version from these; without them it is 0.0.
KUBE = $(shell sed -n 's|^[[:space:]]*k8s.io/kubernetes v||p' test/controlplane/go.mod)
KUBEPART = $(word $(1),$(subst ., ,$(KUBE)))
KUBEVERSION = -X k8s.io/component-base/version.gitVersion=v$(KUBE) \
	-X k8s.io/component-base/version.gitMajor=$(call KUBEPART,1) -X k8s.io/component-base/version.gitMinor=$(call KUBEPART,2)

.PHONY: race
race: ## Run the tests of what runs in parallel with the race detector (needs a C compiler)
	$(GO) test -race ./lint ./lsp ./internal/cli ./webhook ./webhook/server

.PHONY: lint
lint: ## Check our own code: gofmt, go vet, staticcheck
	@unformatted=$$(git ls-files --cached --others --exclude-standard '*.go' | xargs gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "not as gofmt has it:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(STATICCHECK) ./...
	cd tools && $(GO) vet ./release/... && $(GO) tool staticcheck ./release/...

.PHONY: generate
generate: ## Regenerate the registry of rules, their pages and the schema
	$(GO) generate ./...

.PHONY: verify
verify: generate ## Check that generated files are up to date and the working tree clean
	$(GO) mod tidy -diff
	cd tools && $(GO) mod tidy -diff
	cd test/tools && $(GO) mod tidy -diff
	cd test/controlplane && $(GO) mod tidy -diff
	@gofmt -l $$(git ls-files '*.go') | (! grep .)
	git diff --exit-code
	@untracked=$$(git ls-files --others --exclude-standard); \
	if [ -n "$$untracked" ]; then echo "not in git:"; echo "$$untracked"; exit 1; fi

.PHONY: bench
bench: testbin ## Measure lint, webhook and promotion as one page; UPDATE=1 writes it into docs/performance.md
	$(GO) test -run='^$$' -bench=Page -benchtime=1x -timeout=60m ./test/bench $(if $(UPDATE),-args -update)

SOAK ?= 5m

.PHONY: soak
soak: testbin ## Have webhook and controller work under faults for SOAK (5m), and count what is wrong, lost or leaked
	SOAK=$(SOAK) $(GO) test -count=1 -v -timeout 0 -run '^TestSoak$$' ./test/soak

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (60s)
	@set -e; for file in $$(git ls-files --cached --others --exclude-standard '*_test.go' | xargs grep -l '^func Fuzz'); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$file); do \
			echo "$$target in $$(dirname $$file)"; \
			$(GO) test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) ./$$(dirname $$file); \
		done; \
	done

.PHONY: demo
demo: build bin/test/helm3 bin/test/kubectl bin/test/controlplane bin/test/demo ## See all of it at work on a real API server; DEMO_PAUSE=1 waits between steps
	@exec bin/test/demo

# A version that is given is one to try: a release has that of its tag.
TRY = $(if $(filter-out file undefined,$(origin VERSION)),-version '$(VERSION)')

.PHONY: release
release: ## Make all of a release in dist/, from a tag; VERSION=v0.0.0-try tries it without, PLATFORMS=linux/amd64 in part
	@cd tools && $(GO) run ./release build -root .. -out ../dist $(TRY) $(if $(PLATFORMS),-platforms '$(PLATFORMS)')

.PHONY: publish
publish: ## Push images and charts in dist/: make publish REGISTRY=ghcr.io/tiphys-dev (TRIAL=1 if it is no release)
	@cd tools && $(GO) run ./release publish -out ../dist -registry '$(REGISTRY)' $(if $(TRIAL),-trial)

.PHONY: rule
rule: ## Start a rule: make rule NAME=param-unused
	@$(GO) run ./lint/rules/gen/scaffold lint/rules '$(NAME)'

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist
