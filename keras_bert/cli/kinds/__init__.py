"""What the command line knows of each kind of task: a module beside this one.

A kind's module imports no more than the standard library at its top, and defines

- `HELP`: one line for `keras-bert finetune --help`;
- `add_arguments(parser)`: the options that this kind alone has in `finetune`;
- `read(path, arguments, labelled)`: a whole file, as an object with `inputs()`, `labels`
  and a length;
- `stream(path, arguments)`: an iterator over records without labels, for `predict`;
- `build(arguments, examples, held_out)`: a new task for these examples, and for the held-out
  ones, if any, to be scored by;
- `tune(task, held_out, **options)`: settles on held-out examples what training does not, if
  there is anything;
- `answer(task, records, **options)`: JSON-ready answers for some streamed records.
"""
