"""What a worker does with one item: scan an input, take a shard through a segment, decide a barrier.

Each task publishes files and, last, a small manifest that says what it made; a task whose manifest is there is not
done again. It counts through the ledger and plans nothing.
"""
