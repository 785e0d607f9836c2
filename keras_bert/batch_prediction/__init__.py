"""An exported model over any number of records, on one machine or a cluster.

The work is cut into blocks of consecutive lines. The answers of a block depend on nothing
but its lines, the model and the settings, and become one file that is whole or not there:
so blocks may be answered by any worker, twice, or in a later run.
"""
