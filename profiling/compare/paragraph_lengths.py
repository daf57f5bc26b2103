#!/usr/bin/env python3
"""The real length mix for pretraining.py: paragraphs as documents, cut at 512 tokens, in a random order.

Writes TEXT's paragraphs with an empty line after each, for `cloze prepare`, and the lengths of their sequences ([CLS] and [SEP] counted),
one per line, for `pretraining.py --lengths`. Prints the mean, and how much of batches of 32 in that order is padding.

  paragraph_lengths.py --text wikipedia.txt --tokenizer MODEL --documents mix.txt --lengths lengths.txt
Needs: pip install transformers
"""
import argparse
import pathlib
import random
import statistics

import transformers


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=pathlib.Path, required=True, help="a paragraph a line")
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True, help="a Hugging Face folder of the corpus's vocabulary")
    parser.add_argument("--documents", type=pathlib.Path, required=True, help="to be written")
    parser.add_argument("--lengths", type=pathlib.Path, required=True, help="to be written")
    parser.add_argument("--bytes", type=int, default=6_000_000, help="of the documents, at most")
    parser.add_argument("--longest", type=int, default=512, help="tokens of a sequence")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    paragraphs = [line for line in arguments.text.read_text("utf-8").split("\n") if line.strip()]
    documents = "".join(line + "\n\n" for line in paragraphs).encode()[:arguments.bytes].decode(errors="ignore")
    arguments.documents.write_text(documents, "utf-8")
    tokenizer = transformers.BertTokenizerFast.from_pretrained(arguments.tokenizer)
    room, lengths = arguments.longest - 2, []
    for ids in tokenizer([line for line in documents.split("\n") if line.strip()], add_special_tokens=False)["input_ids"]:
        lengths += [min(room, len(ids) - begin) + 2 for begin in range(0, len(ids), room)]
    random.Random(1).shuffle(lengths)
    arguments.lengths.write_text("".join(f"{length}\n" for length in lengths))
    batches = [lengths[begin:begin + 32] for begin in range(0, len(lengths), 32)]
    padding = 1 - sum(lengths) / sum(max(batch) * len(batch) for batch in batches)
    print(f"{len(lengths)} sequences, {statistics.mean(lengths):.1f} tokens on average, {padding:.1%} of batches of 32 is padding")


if __name__ == "__main__":
    main()
