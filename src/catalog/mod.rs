//! What the functions of a database do, from its system catalogs.
