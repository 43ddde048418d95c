//! What a statement is: lexer, classes, session effects, hints, cache. Never fails; unknown is a write.
