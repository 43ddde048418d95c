//! The clusters, databases, pools and clients of this process.
