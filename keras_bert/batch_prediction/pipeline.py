"""The Apache Beam pipeline of batch prediction.

    blocks → read → RunInference → write

An element is a block, and answers are a function of their block: no step groups or sorts,
so the pipeline is the same on every runner. RunInference loads the model once a worker
process, and shares it among the worker's threads.

Source: https://beam.apache.org/documentation/ml/about-ml/
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, RunInference
from apache_beam.options.pipeline_options import PipelineOptions

from keras_bert.batch_prediction.input_blocks import Block
from keras_bert.batch_prediction.job import Job, write_block
from keras_bert.batch_prediction.line_records import BadLine, LineRecord, read_block
from keras_bert.batch_prediction.signature import SignatureModel


class ReadBlock(NamedTuple):
    """A block's records, and the lines that are none."""

    block: Block
    records: list[LineRecord]
    bad: list[BadLine]


class AnsweredBlock(NamedTuple):
    """A block's answers as they will be written, and all its lines without one."""

    block: Block
    answers: list[dict[str, Any]]
    bad: list[BadLine]


class BlockHandler(ModelHandler[ReadBlock, AnsweredBlock, SignatureModel]):
    """Answers whole blocks; batches of like lengths are made within a block.

    Args:
        job: names the model.
    """

    def __init__(self, job: Job) -> None:
        super().__init__(min_batch_size=1, max_batch_size=1)
        self._job = job

    def load_model(self) -> SignatureModel:
        """Once a worker process."""
        return SignatureModel(self._job.model, self._job.signature, self._job.batch_size)

    def run_inference(
        self,
        batch: Sequence[ReadBlock],
        model: SignatureModel,
        inference_args: dict[str, Any] | None = None,
    ) -> Iterable[AnsweredBlock]:
        """A block's answers, in the order of its lines."""
        del inference_args
        return [_answered(block, model) for block in batch]

    def get_num_bytes(self, batch: Sequence[ReadBlock]) -> int:
        """Of the blocks' text, for Beam's metrics."""
        return sum(read.block.end - read.block.start for read in batch)


def run_pipeline(job: Job, blocks: Sequence[Block], options: Sequence[str] = ()) -> None:
    """Answers blocks and writes what comes of each.

    Args:
        job: the run, whose folder all workers reach.
        blocks: those that are not done.
        options: of Beam, such as `--runner=FlinkRunner`.

    Raises:
        RuntimeError: a worker failed; what was written stays.
    """
    with beam.Pipeline(options=PipelineOptions(list(options))) as pipeline:
        _ = (
            pipeline
            | "Blocks" >> beam.Create(list(blocks))
            | "Spread" >> beam.Reshuffle()
            | "Read" >> beam.Map(_read, job)
            | "Answer" >> RunInference(BlockHandler(job))
            | "Write" >> beam.Map(_write, job)
        )
    missing = sum(not job.answers_path(block.number).exists() for block in blocks)
    if missing:
        raise RuntimeError(
            f"expected {len(blocks)} files of answers in {job.out}; the pipeline ended without "
            f"{missing} of them: start the same run again to go on"
        )


def _read(block: Block, job: Job) -> ReadBlock:
    lines = list(read_block(block, job.layout, job.dtypes, job.max_line_bytes))
    records = [line for line in lines if isinstance(line, LineRecord)]
    return ReadBlock(block, records, [line for line in lines if isinstance(line, BadLine)])


def _answered(read: ReadBlock, model: SignatureModel) -> AnsweredBlock:
    answers, bad = [], list(read.bad)
    for record, answer in zip(read.records, model.answers(read.records), strict=True):
        if isinstance(answer, BadLine):
            bad.append(answer)
        else:
            answers.append({"line": record.line, **record.kept, **answer})
    return AnsweredBlock(read.block, answers, sorted(bad))


def _write(answered: AnsweredBlock, job: Job) -> None:
    write_block(job, answered.block.number, answered.answers, answered.bad, answered.block.path)
