#!/usr/bin/env python3
"""Compares Cloze's vocabulary trainer with Hugging Face's `tokenizers` on the same files.

  vocabulary_comparison.py --bench BUILD/profiling/bench/text/cloze_vocabulary_bench [--size 30000] [--cased] [--threads 2] \
      [--held-out FILE] FILE...

Both count and merge on the same number of threads, in wall-clock seconds. Says how many pieces the two vocabularies
share, and, with --held-out, how many pieces each needs for that text and how many of its words are [UNK] (Hugging Face's
tokenizer with either vocabulary). Prints one JSON object. Needs: pip install tokenizers.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path


def pieces_needed(vocabulary, lowercase, path):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    numbers = {piece: number for number, piece in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ids = [i for line in Path(path).read_text(encoding="utf-8").split("\n")
           for i in tokenizer.encode(line, add_special_tokens=False).ids]
    return {"pieces": len(ids), "unknown": ids.count(numbers["[UNK]"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True)
    parser.add_argument("--size", type=int, default=30000)
    parser.add_argument("--cased", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--held-out")
    parser.add_argument("files", nargs="+", metavar="FILE")
    arguments = parser.parse_args()
    os.environ["RAYON_NUM_THREADS"] = str(arguments.threads)
    import tokenizers
    from tokenizers import BertWordPieceTokenizer

    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "vocab.txt")
        command = [arguments.bench, str(arguments.size), "cased" if arguments.cased else "uncased",
                   str(arguments.threads), output, *arguments.files]
        begin = time.perf_counter()
        ours = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        our_seconds = time.perf_counter() - begin
        our_pieces = Path(output).read_text(encoding="utf-8").split("\n")[:-1]

    peer = BertWordPieceTokenizer(lowercase=not arguments.cased)
    begin = time.perf_counter()
    peer.train(arguments.files, vocab_size=arguments.size, min_frequency=2, limit_alphabet=1000, show_progress=False)
    peer_seconds = time.perf_counter() - begin
    peer_pieces = sorted(peer.get_vocab(), key=peer.get_vocab().get)

    report = {"peer": f"tokenizers {tokenizers.__version__}", "threads": arguments.threads,
              "bytes": sum(Path(file).stat().st_size for file in arguments.files), "cloze": ours,
              "cloze_seconds": round(our_seconds, 2), "peer_seconds": round(peer_seconds, 2),
              "ratio": round(peer_seconds / our_seconds, 1), "peer_pieces": len(peer_pieces),
              "shared_pieces": len(set(our_pieces) & set(peer_pieces))}
    if arguments.held_out:
        report["held_out"] = {
            "cloze": pieces_needed(our_pieces, not arguments.cased, arguments.held_out),
            "peer": pieces_needed(peer_pieces, not arguments.cased, arguments.held_out)}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
