# Curlwind: `make demo` runs the main job, `make test` the tests. Needs Rust, gcc, make and Python.

CARGO ?= cargo
PYTHON ?= python3
export CMAKE = $(shell sh tools/cmake.sh path)
BIN = $(or $(CARGO_TARGET_DIR),target)/release/curlwind

EQUATIONS = burgers-shock allen-cahn advection maxwell-interface maxwell-cavity maxwell-point-source

.PHONY: demo build test test-device test-mpi validate bench peers docs fmt-check clippy check-cuda clean

# Again, it continues: what is there is not computed twice.
demo: build
	$(BIN) compare shallow-water --preset demo -o runs/compare --resume
	$(BIN) run era5-500hpa -o runs/demo --resume
	$(BIN) sweep dipole --surrogate -o runs/antenna --resume

build: cmake
	$(CARGO) build --release

test: cmake
	$(CARGO) test --release --workspace

# Device kernels against the CPU, on any GPU that Vulkan, Metal or DX12 reaches; a software one will do.
test-device: cmake
	sh tools/vulkan.sh
	$(CARGO) test --release -p curlwind-operators -p curlwind-solvers --features curlwind-operators/wgpu --lib -- device::

# Several processes under mpirun: scenes, sweeps, samples and trainings shared out.
test-mpi: cmake
	sh tools/mpi.sh
	$(CARGO) test --release --workspace --features mpi --test program -- ranks::

# Long comparisons with published cases (tens of minutes).
validate: cmake build
	$(CARGO) run --release -p curlwind-solvers --example validate_shallow_water
	$(CARGO) run --release -p curlwind-solvers --example validate_maxwell
	for case in $(EQUATIONS); do \
		$(BIN) run $$case -o runs/validate/$$case --resume --set ablation.run=true || exit 1; \
	done

bench: cmake
	$(CARGO) bench

# The same work done by other people's software, timed in the same run.
peers: build
	sh benches/peers/run.sh

docs: cmake
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --workspace --no-deps

fmt-check:
	$(CARGO) fmt --all --check

clippy: cmake
	$(CARGO) clippy --release --workspace --all-targets -- -D warnings

# Device code is written once and must not rot on machines without a GPU.
check-cuda: cmake
	$(CARGO) check --release --features cuda

# The bundled HDF5 needs a recent cmake; when the system's is too old, one is
# installed from the Python package index into .tools/.
.PHONY: cmake
cmake:
	@PYTHON=$(PYTHON) sh tools/cmake.sh ensure

clean:
	$(CARGO) clean
	rm -rf .tools runs
