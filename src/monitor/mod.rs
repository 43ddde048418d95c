//! Probes of the nodes and the freshness sampler.
