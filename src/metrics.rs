//! Every metric of pgsluice as one row: name with unit, labels, help.
