"""Opens a checkpoint folder with transformers, as any user would, and says whether anything is missing.

    python open_with_transformers.py FOLDER

Prints the missing, unexpected and mismatched keys of BertForPreTraining.from_pretrained (there must be none), what
BertTokenizer makes of a sentence, and one forward pass; exits with 1 where something is wrong.
"""
import argparse
import pathlib
import sys

import torch
from safetensors import safe_open
from transformers import BertForPreTraining, BertTokenizer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder

    model, report = BertForPreTraining.from_pretrained(folder, output_loading_info=True)
    wrong = False
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
        print(f"{kind}: {sorted(report.get(kind) or []) or 'none'}")
        wrong |= bool(report.get(kind))

    state = model.state_dict()
    with safe_open(folder / "model.safetensors", "pt") as file:
        differing = [name for name in file.keys() if not torch.equal(file.get_tensor(name), state[name])]
        print(f"tensors: {len(list(file.keys()))}, differing after loading: {differing or 'none'}")
    tied = model.cls.predictions.decoder.weight.data_ptr() == model.bert.embeddings.word_embeddings.weight.data_ptr()
    print(f"decoder tied to the word embeddings: {tied}")

    tokenizer = BertTokenizer.from_pretrained(folder)
    lines = (folder / "vocab.txt").read_text().splitlines()
    same = all(tokenizer.convert_tokens_to_ids(piece) == i for i, piece in enumerate(lines))
    sentence = "The Café sat."
    print(f"vocabulary: {len(lines)} pieces, as transformers numbers them: {same}")
    print(f"tokens of {sentence!r}: {tokenizer.tokenize(sentence)}")

    model.eval()
    with torch.no_grad():
        output = model(**tokenizer(sentence, return_tensors="pt"))
    finite = bool(output.prediction_logits.isfinite().all() and output.seq_relationship_logits.isfinite().all())
    print(f"logits: {list(output.prediction_logits.shape)}, finite: {finite}")
    sys.exit(1 if wrong or differing or not (tied and same and finite) else 0)


if __name__ == "__main__":
    main()
