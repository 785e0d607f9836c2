"""Published models by name: where each one lies, and how it gets here whole."""
