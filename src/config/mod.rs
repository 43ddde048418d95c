//! Options as rows, the file formats, and the checked `Config` they make.
