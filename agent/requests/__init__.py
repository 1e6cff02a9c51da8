"""From a sentence, English or Chinese, to what is wanted."""
