"""What scripts/bench runs: decoding, kernels and the chain, each section in a process of its own, and the page."""
