"""Finds pages that are there more than once, by URL, by exact text and by MinHash; each is a DocumentStage.

It drops pages only: repeated pictures and paragraphs are the business of other stages.
"""
