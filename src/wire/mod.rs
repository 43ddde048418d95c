//! The wire protocol, without IO: frames, startup packets, messages of both sides.
