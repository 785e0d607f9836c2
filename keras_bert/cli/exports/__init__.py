"""What `keras-bert export` knows of each format: a module beside this one.

A format's module imports no more than the standard library at its top, and defines

- `HELP`: a few words for `keras-bert export --help`;
- `OPTIONS`: the options that this format alone has, from flag to the keyword arguments of
  `argparse.ArgumentParser.add_argument`;
- `export(arguments)`: writes, and returns the folders that it wrote and JSON-ready facts
  about them.
"""
