# SPDX-License-Identifier: GPL-2.0-only
# devmem-tcp: device memory TCP for Debian 12's Linux 6.1. Try "make help".

SHELL	:= /bin/bash
KVER	?= $(shell uname -r)
KDIR	?= /lib/modules/$(KVER)/build
DESTDIR	?=
PREFIX	?= /usr/local
FLAVOUR	?= cloud-amd64

export KVER KDIR

.DEFAULT_GOAL := help
.PHONY: help demo demo-tx kernel deb test bench bench-check check test-unit \
	test-vm test-dkms test-user test-debug test-guards fuzz soak vm-shell \
	modules install uninstall tools stats deps clean

help: ## this list
	@echo "devmem-tcp: TCP payload from the NIC straight into a dma-buf"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s  %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)
	@echo
	@echo "Build products are in build/, kernels in ~/.cache/devmem-tcp."

demo: ## the main job: 256 MiB of TCP into PCI device memory, hashes compared
	@scripts/demo.sh

demo-tx: ## both halves: device memory to device memory, between two machines
	@scripts/demo-tx.sh

test: ## all tests; ends with the line "N passed, N failed, N skipped"
	@scripts/test.sh unit vm dkms

test-unit: ## KUnit at native speed, and threads under ThreadSanitizer
	@scripts/test.sh unit

test-vm: ## the scenarios of tests/vm in QEMU
	@scripts/test.sh vm

test-dkms: ## building through DKMS, against patched and stock kernels
	@scripts/test.sh dkms

test-user: ## somebody follows the README on a Debian 12 in QEMU: an hour, not in test
	@tests/user/run.sh

test-debug: ## the same scenarios on a kernel with KASAN, lockdep, kmemleak: hours
	@scripts/test.sh debug

test-guards: ## removes each guard of kernel patch and driver: a scenario must fail
	@scripts/test.sh guards

fuzz: ## netlink, socket and packet fuzzer: SECONDS=300 each, SEED=, KERNEL=debug
	@scripts/fuzz.sh "$(SECONDS)" "$(SEED)" "$(KERNEL)"

soak: ## hostile scenarios in random order on the debug kernel: SECONDS=1800
	@scripts/soak.sh "$(SECONDS)" "$(KERNEL)"

bench: ## what allocator, tokens, bindings, streams cost: tables, build/bench.json
	@scripts/bench.sh

bench-check: ## instruction counts against tests/bench/baseline.json: two minutes
	@tests/bench/test-check.sh
	@tests/bench/run.sh icount
	@tests/bench/net/run.sh step
	@tests/bench/check.sh

check: ## static checks: checkpatch, sparse, W=1, shellcheck, series, CRCs
	@scripts/check.sh

vm-shell: ## a shell in the running test stage
	@scripts/stage.sh
	@tests/vm/run.sh --shell

modules: ## modules and igb for the running kernel, or for KVER= or KDIR=
	@scripts/modules.sh "$(KDIR)" build/host

install: modules tools ## modules to /lib/modules/KVER/updates, devmemctl to PREFIX
	@scripts/install-modules.sh install
	@$(MAKE) -s -C tools/devmemctl OUT="$(CURDIR)/build/tools" \
		DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" install

uninstall: ## undo make install; the stock igb is back after a reboot or reload
	@scripts/install-modules.sh uninstall
	@$(MAKE) -s -C tools/devmemctl OUT="$(CURDIR)/build/tools" \
		DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" uninstall

kernel: ## the patched Debian kernel as packages: an hour; FLAVOUR=amd64
	@scripts/debian-kernel.sh "$(FLAVOUR)"

deb: ## packages devmem-tcp-dkms, -tools, -tests in build/deb
	@scripts/deb.sh

tools: ## devmemctl
	@echo "tools: builds build/tools/devmemctl"
	@$(MAKE) -s -C tools/devmemctl OUT="$(CURDIR)/build/tools"

stats: ## added lines of the kernel patch, the igb series and our own code
	@scripts/stats.sh

deps: ## install the Debian packages that all of this needs
	@scripts/install-deps.sh

clean: ## remove build/; the kernels in the cache stay
	@echo "clean: removes build/"
	@rm -rf build
