"""BERT's pretraining loss over a packed batch, computed by Hugging Face's BertForPreTraining.

A packed batch is a dict of int64 numpy arrays, sequences back to back:
  tokens, token_types, positions        [T]
  sequence_offsets                      [S + 1]
  prediction_rows, prediction_labels    [M]  row of T, original token
  next_sentence_labels                  [S]
"""
import numpy
import torch
from transformers import BertConfig, BertForPreTraining

SIZES = dict(
    vocab_size=99,  # not a multiple of 128: the engine pads it
    hidden_size=32,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=64,
    max_position_embeddings=40,
    type_vocab_size=2,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
    layer_norm_eps=1e-12,
)


def build(weights, hidden_act, dtype, attention="eager"):
    """A model with exactly these float32 weights (names as saved by Hugging Face), in `dtype`."""
    model = BertForPreTraining(BertConfig(**SIZES, hidden_act=hidden_act, attn_implementation=attention))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(weights[name]))
    head = model.cls.predictions
    assert head.decoder.weight is model.bert.embeddings.word_embeddings.weight
    assert head.decoder.bias is head.bias
    return model.to(dtype).train()


def encode_padded(model, batch):
    """One rectangle with an attention mask. Padding holds a real token, so that a leak would be seen."""
    offsets = batch["sequence_offsets"]
    lengths = numpy.diff(offsets)
    shape = (len(lengths), lengths.max())
    tokens, types = numpy.full(shape, 7), numpy.ones(shape, dtype=numpy.int64)
    mask = numpy.arange(shape[1])[None, :] < lengths[:, None]
    tokens[mask], types[mask] = batch["tokens"], batch["token_types"]
    result = model.bert(
        input_ids=torch.from_numpy(tokens),
        token_type_ids=torch.from_numpy(types),
        attention_mask=torch.from_numpy(mask.astype(numpy.int64)),
        output_hidden_states=True,
    )
    real = torch.from_numpy(mask)
    return [hidden[real] for hidden in result.hidden_states], result.pooler_output


def encode_alone(model, batch):
    """Every sequence by itself: no padding, no mask."""
    offsets = batch["sequence_offsets"]
    results = []
    for begin, end in zip(offsets[:-1], offsets[1:]):
        results.append(
            model.bert(
                input_ids=torch.from_numpy(batch["tokens"][None, begin:end]),
                token_type_ids=torch.from_numpy(batch["token_types"][None, begin:end]),
                output_hidden_states=True,
            )
        )
    layers = zip(*(result.hidden_states for result in results))
    hidden = [torch.cat([part[0] for part in parts]) for parts in layers]
    return hidden, torch.cat([result.pooler_output for result in results])


def pretraining_loss(model, batch, encode=encode_padded):
    """BERT's loss (google-research/bert, run_pretraining.py) and every intermediate, by name."""
    hidden, pooled = encode(model, batch)
    masked = hidden[-1][torch.from_numpy(batch["prediction_rows"])]
    masked_logits = model.cls.predictions(masked)  # [M, vocabulary]
    next_logits = model.cls.seq_relationship(pooled)  # [S, 2]
    row_loss = -torch.log_softmax(masked_logits, -1)[
        torch.arange(len(masked)), torch.from_numpy(batch["prediction_labels"])
    ]
    mlm_loss = row_loss.sum() / (len(row_loss) + 1e-5)
    next_loss = torch.nn.functional.cross_entropy(next_logits, torch.from_numpy(batch["next_sentence_labels"]))
    values = {"output.embeddings": hidden[0]}
    values |= {f"output.layer.{layer}": value for layer, value in enumerate(hidden[1:-1])}
    values |= {
        "output.sequence": hidden[-1],
        "output.pooled": pooled,
        "output.masked_lm_logits": masked_logits,
        "output.next_sentence_logits": next_logits,
        "output.masked_lm_row_loss": row_loss,
        "output.masked_lm_loss": mlm_loss,
        "output.next_sentence_loss": next_loss,
        "output.loss": mlm_loss + next_loss,
    }
    return values


def values_and_gradients(model, batch, encode=encode_padded):
    """As float64 numpy arrays: the values of pretraining_loss and `gradient.NAME` of every parameter."""
    model.zero_grad(set_to_none=True)
    values = pretraining_loss(model, batch, encode)
    values["output.loss"].backward()
    values |= {f"gradient.{name}": parameter.grad for name, parameter in model.named_parameters()}
    return {name: value.detach().double().numpy().copy() for name, value in values.items()}
