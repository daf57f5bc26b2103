"""Hugging Face's BERT in training, as the peer of `cloze_gpu_bench steps`: the same model, lengths and optimizer."""
import time

import torch
import transformers

VOCABULARY = 30522
SIZES = {"base": {}, "large": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096},
         "tiny": {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 256}}
COMPILED, GRAPHS, MASKED = "transformers", "transformers, CUDA graphs", "transformers, logits of masked tokens only"


def predictions_of(length):
    return max(1, length * 15 // 100)


def useful_flops(config, lengths):
    """Of a training step, as engine/model/flops.cpp counts: nothing for padding, heads on the rows that they need."""
    hidden, wide = config.hidden_size, config.intermediate_size
    weights = 4 * hidden * hidden + 2 * hidden * wide
    layers = config.num_hidden_layers * (2 * weights * sum(lengths) + 4 * hidden * sum(length * length for length in lengths))
    heads = 2 * (hidden * hidden + hidden * VOCABULARY) * sum(map(predictions_of, lengths)) + 2 * hidden * hidden * len(lengths)
    return 3.0 * (layers + heads)


class MaskedLogits(torch.nn.Module):
    """The loss of BertForPreTraining from the logits of the predicted tokens alone: less work than its own forward."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, rows, row_labels, next_sentence_label, **inputs):
        output = self.model.bert(**inputs)
        hidden = output.last_hidden_state.flatten(0, 1)[rows]
        scores = self.model.cls.predictions(hidden)
        following = self.model.cls.seq_relationship(output.pooler_output)
        cross_entropy = torch.nn.functional.cross_entropy
        return cross_entropy(scores.float(), row_labels) + cross_entropy(following.float(), next_sentence_label)


def batch(lengths, masked_only, device):
    """Padded to the longest, up to a multiple of 8; no mask where nothing is padding."""
    width = -(-max(lengths) // 8) * 8
    tokens = torch.randint(1, VOCABULARY, (len(lengths), width), device=device)
    place = torch.arange(width, device=device)[None, :]
    ends = torch.tensor(lengths, device=device)[:, None]
    inputs = {"input_ids": tokens, "token_type_ids": ((place >= ends // 2) & (place < ends)).long(),
              "next_sentence_label": torch.arange(len(lengths), device=device) % 2}
    if min(lengths) < width:
        inputs["attention_mask"] = (place < ends).long()
    rows = torch.tensor([sequence * width + p * length // predictions_of(length) for sequence, length in enumerate(lengths)
                         for p in range(predictions_of(length))], device=device)
    row_labels = torch.randint(VOCABULARY, rows.shape, device=device)
    if masked_only:
        return inputs | {"rows": rows, "row_labels": row_labels}
    labels = torch.full((len(lengths) * width,), -100, device=device)
    labels[rows] = row_labels
    return inputs | {"labels": labels.view(len(lengths), width)}


class Peer:
    def __init__(self, size, by, lengths_of_batches, device):
        torch._dynamo.reset()
        torch.set_float32_matmul_precision("high")
        self.device, self.by, self.lengths = device, by, lengths_of_batches
        config = transformers.BertConfig(hidden_act="gelu_new", attn_implementation="sdpa", **SIZES[size])
        self.model = transformers.BertForPreTraining(config).to(device).train()
        self.flops = [useful_flops(config, lengths) for lengths in lengths_of_batches]
        module = MaskedLogits(self.model) if by == MASKED else self.model
        self.compiled = torch.compile(module, mode="reduce-overhead" if by == GRAPHS else None,
                                      dynamic=len(lengths_of_batches) > 1)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4, weight_decay=0.01, fused=device == "cuda")
        self.batches = [batch(lengths, by == MASKED, device) for lengths in lengths_of_batches]

    def step(self, inputs):
        if self.by == GRAPHS:
            torch.compiler.cudagraph_mark_step_begin()
        with torch.autocast(self.device, dtype=torch.bfloat16):
            output = self.compiled(**inputs)
        loss = output if self.by == MASKED else output.loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    def round(self):
        for inputs in self.batches:
            loss = self.step(inputs)
        return loss

    def train(self, seconds):
        """Whole rounds of the batches for about so long; waits for the GPU at the end alone."""
        rounds = max(1, round(seconds / self.seconds_of_a_round))
        began = time.perf_counter()
        for _ in range(rounds):
            loss = self.round()
        self.wait()
        passed = time.perf_counter() - began
        self.seconds_of_a_round = passed / rounds
        steps, tokens = rounds * len(self.batches), rounds * sum(map(sum, self.lengths))
        return {"steps": steps, "seconds": passed, "milliseconds": 1e3 * passed / steps, "tokens_of_a_step": tokens / steps,
                "tokens_per_second": tokens / passed, "flops_per_second": rounds * sum(self.flops) / passed,
                "last_loss": loss.item(), "attention": self.model.config._attn_implementation}

    def warm_up(self):
        """Seconds of the first rounds, in which all is compiled."""
        began = time.perf_counter()
        for _ in range(3):
            self.round()
        self.wait()
        warm = time.perf_counter()
        self.round()
        self.wait()
        self.seconds_of_a_round = time.perf_counter() - warm
        return warm - began

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()
