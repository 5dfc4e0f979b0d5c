# What to do with this checkout. Every target first makes sure that all it needs is there (scripts/setup.sh).

.PHONY: help demo test python wheel site gallery check install bench

# Another MPI than the one that PATH has, beside it: make test MPI=openmpi5 (openmpi4, openmpi5, mpich, mpich5).
export MPI

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

demo: ## build, integrate the Solar System on 2 ranks, draw it; a Plummer sphere on 1 and on 2 ranks
	@scripts/demo.sh

test: ## all tests; ends with a line of numbers; MPI=openmpi4, openmpi5, mpich or mpich5: those of ranks, under that MPI
	@scripts/test.sh

python: ## the tests of the Python package and its notebooks alone
	@scripts/test.sh --python

wheel: ## the Python package with the program in it, for any Linux, into target/wheel/dist; tried with each MPI
	@scripts/wheel.sh

site: ## the documentation as a site with search and the library's reference, into target/site; its links are checked
	@scripts/site.sh

gallery: ## runs every parameter file of sims/ and writes docs/gallery.md; MINUTES=5 is the most for each
	@scripts/gallery.sh

check: ## formatting, lints, features, documentation and dependencies, without warnings
	@scripts/check.sh

install: ## the program with its completions, man pages and modulefiles: make install PREFIX=/opt/divisi
	@scripts/install.sh "$(PREFIX)"

bench: ## the measured figures, into target/bench.json; one of them: make bench ONLY=direct_f64
	@scripts/bench.sh $(ONLY)
