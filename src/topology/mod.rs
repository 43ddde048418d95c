//! Nodes, roles, certificates and the choice among them, as values.
