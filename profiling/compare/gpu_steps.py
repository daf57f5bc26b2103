#!/usr/bin/env python3
"""Pretraining steps of Hugging Face's BERT-base under torch.compile and bf16 autocast, on one GPU: one JSON object a line.

The model, batch and optimizer of `cloze_gpu_bench steps`: AdamW over float32 weights, gradients clipped at norm 1, dropout
0.1, full sequences, 15 % of the tokens predicted. Hugging Face computes logits of every token.
"""
import json
import sys
import time

try:
    import torch
    import transformers
except ImportError:
    sys.exit("nothing to compare with: PyTorch or transformers is not installed")


def batch(sequences, length, vocabulary):
    tokens = torch.randint(vocabulary, (sequences, length), device="cuda")
    labels = torch.full_like(tokens, -100)
    predictions = length * 15 // 100
    positions = torch.arange(predictions, device="cuda") * length // predictions
    labels[:, positions] = torch.randint(vocabulary, (sequences, predictions), device="cuda")
    types = (torch.arange(length, device="cuda") >= length // 2).long().expand(sequences, length)
    return {"input_ids": tokens, "token_type_ids": types, "labels": labels,
            "next_sentence_label": torch.arange(sequences, device="cuda") % 2}


def measure(sequences, length):
    config = transformers.BertConfig(hidden_act="gelu_new")
    model = transformers.BertForPreTraining(config).cuda().train()
    compiled = torch.compile(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
    inputs = batch(sequences, length, config.vocab_size)

    def step():
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = compiled(**inputs).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss

    for _ in range(10):
        step()
    torch.cuda.synchronize()
    began, steps = time.perf_counter(), 50
    for _ in range(steps):
        loss = step()
    torch.cuda.synchronize()
    seconds = (time.perf_counter() - began) / steps
    print(json.dumps({"part": "steps", "name": f"transformers torch.compile bf16 {sequences}x{length}",
                      "milliseconds": 1e3 * seconds, "tokens_per_second": sequences * length / seconds,
                      "last_loss": loss.item(), "torch": torch.__version__,
                      "transformers": transformers.__version__}), flush=True)


def main():
    if not torch.cuda.is_available():
        sys.exit("no GPU to measure: PyTorch sees none")
    measure(64, 128)
    measure(16, 512)


if __name__ == "__main__":
    main()
