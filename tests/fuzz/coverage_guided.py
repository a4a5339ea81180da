"""Coverage-guided fuzzing of the parsers with atheris: `coverage_guided.py SECONDS [PARSER]`.

Each parser has a process of its own, as libFuzzer ends the process. What breaks one is kept in
`found/PARSER` and read again by every run of the tests.
"""

from __future__ import annotations

import bz2
import gzip
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["engine", "parsers", "csv", "json", "tomllib"]):
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    from parsers import FOUND, PARSERS, feed

STARTS = (
    b"gene,label\nSOX2,a\nENSG00000128573,b\n",
    b"gene\tdescription\nSOX2\ttext\n",
    b"#tax_id\tGeneID\tSource\tSummary\n9606\t1\tRefSeq\ttext\n",
    b"2 3\nSOX2 0.1 0.2 0.3\nTBX5 1 2 3\n",
    b'{"SOX2": "text"}',
    gzip.compress(b"gene,label\nSOX2,a\n"),
    bz2.compress(b"gene,label\nSOX2,a\n"),
    b'"gene" "label"\n"1" "SOX2" "a \\"b\\""\n',
    b"sep=;\ngene;label\nSOX2;NA\n",
    "gene,label\nSOX2,a\n".encode("utf-16"),
    b"a\tset\tSOX2\tTBX5\nb\tset\tMYC\n",
    b"padj < 0.05 and not (abs(x) > 1 or y between 0 and 1)",
    pickle.dumps({"a": ["SOX2"], "b": ["TBX5"]}),
    pickle.dumps({"SOX2": [0.5, 1.5], "TBX5": [2.5, 3.5]}, protocol=2),
)
"""Contents to begin with, one of each family of formats."""


def fuzz(parser: str, seconds: int) -> None:
    """Fuzz one parser in this process, which libFuzzer ends."""
    kept = FOUND / parser
    kept.mkdir(parents=True, exist_ok=True)
    starts = Path(tempfile.mkdtemp())
    for number, content in enumerate(STARTS):
        (starts / str(number)).write_bytes(content)
    options = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=20", "-rss_limit_mb=6000"]
    atheris.Setup(
        [sys.argv[0], *options, f"-artifact_prefix={kept}/", str(starts)],
        # LONG_BINPUT takes 4 GB for 12 bytes in the C unpickler; the limits of the child that reads
        # pickles stop it, and a test of its own proves that.
        lambda content: None if "pickle" in parser and b"r" in content else feed(parser, content),
    )
    atheris.Fuzz()


def main() -> int:
    """Fuzz the parser that is named, or each in turn; how many broke."""
    seconds = int(sys.argv[1])
    if len(sys.argv) > 2:
        fuzz(sys.argv[2], seconds)
    broken = 0
    for parser in PARSERS:
        command = [sys.executable, __file__, str(seconds), parser]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        last = done.stderr.strip().splitlines()[-1:]
        sys.stdout.write(f"{parser}: {'broke' if done.returncode else 'held'}  {last[0] if last else ''}\n")
        sys.stdout.flush()
        broken += done.returncode != 0
    return broken


if __name__ == "__main__":
    sys.exit(main())
