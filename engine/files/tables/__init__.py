"""Tables from outside as text: delimited, Parquet or a workbook, each refused with one sentence."""

from engine.files.tables.delimited import iterate_rows, stream_table
from engine.files.tables.parquet import PARQUET, index_columns, is_text, open_parquet, parquet_batches
from engine.files.tables.read import counts_rows, is_plain_text, read_table
from engine.files.tables.records import holds_records
from engine.files.tables.table import MAX_STREAMED, Batch, Table, other_sheets_said
from engine.files.tables.write import write_csv

__all__ = [
    "MAX_STREAMED",
    "PARQUET",
    "Batch",
    "Table",
    "counts_rows",
    "holds_records",
    "index_columns",
    "is_plain_text",
    "is_text",
    "iterate_rows",
    "open_parquet",
    "other_sheets_said",
    "parquet_batches",
    "read_table",
    "stream_table",
    "write_csv",
]
