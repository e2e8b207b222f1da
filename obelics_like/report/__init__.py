"""What a finished run says of itself: the summary, the page for a browser, and why a page went where it went."""
