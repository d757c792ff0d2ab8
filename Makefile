# `make` lists what there is. Each target installs what it needs and says so; the work is in scripts/.
.DEFAULT_GOAL := help
.PHONY: help run test test-long lint types fmt bench package clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' Makefile | column -t -s @

run: ## open the window on the sandbox store, with live traffic; no key needed
	@scripts/run.sh

test: ## run every test, the real window too, without a display
	@scripts/test.sh

test-long: ## the same with the full counts of the property and kill campaigns (hours)
	@FOREDECK_LONG=1 scripts/test.sh

lint: ## formatting, clippy, TypeScript, JS linter, licences and sources
	@scripts/lint.sh

types: ## write the engine's types into ui/src/ipc/generated
	@scripts/types.sh

fmt: ## format the Rust code
	@cargo fmt --all

bench: ## measure the budgets
	@scripts/bench.sh

package: ## build the .deb
	@scripts/package.sh

clean: ## remove everything that was built
	rm -rf target gen node_modules ui/node_modules ui/dist
