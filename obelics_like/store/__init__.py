"""How a run keeps what it makes: files published whole or not at all, shards between phases, and the corpus."""
