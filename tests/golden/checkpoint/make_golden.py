"""Makes the folders beside this script: small models as transformers itself writes them, and every element type.

Run with transformers 5.23, safetensors 0.8, torch 2.15 (others should do); it prints nothing and overwrites what is there.
`expected.json` in each folder holds what a reader must find: float64 sums and the first values of every tensor.
"""
import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForPreTraining, BertModel, BertTokenizer

HERE = pathlib.Path(__file__).parent
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "Cat", "##s", "ä", ".", "sat", "##t"]


def expected(tensors):
    return {name: {"shape": list(t.shape), "sum": t.double().sum().item(), "first": t.double().flatten()[:3].tolist()}
            for name, t in sorted(tensors.items())}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def make_model(folder, model_class, dtype, **saving):
    torch.manual_seed(7)
    config = BertConfig(vocab_size=len(PIECES), hidden_size=12, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=8, max_position_embeddings=6, hidden_act="gelu_new", hidden_dropout_prob=0.2)
    model = model_class(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    model = model.to(dtype)
    model.save_pretrained(folder, **saving)
    vocabulary = folder / "pieces"
    vocabulary.write_text("".join(piece + "\n" for piece in PIECES))
    BertTokenizer(str(vocabulary), do_lower_case=False, strip_accents=False).save_pretrained(folder)
    vocabulary.unlink()
    state = {name: tensor for name, tensor in model.state_dict().items() if "cls.predictions.decoder" not in name}
    write_json(folder / "expected.json", expected(state))


def make_element_types(folder):
    folder.mkdir(exist_ok=True)
    values = [0.0, 1.0, -2.5, 0.09375, 448.0, -0.001953125]
    tensors = {str(d).removeprefix("torch."): torch.tensor(values, dtype=torch.float64).to(d)
               for d in (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e5m2,
                         torch.float8_e4m3fn)}
    tensors |= {str(d).removeprefix("torch."): torch.tensor([0, 1, 100, 7], dtype=d)
                for d in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint64, torch.uint32, torch.uint16,
                          torch.uint8)}
    tensors["negative"] = torch.tensor([-3, -100], dtype=torch.int8)
    tensors["bool"] = torch.tensor([True, False, True])
    tensors["scalar"] = torch.tensor(2.5)
    tensors["nothing"] = torch.zeros(0, 3)
    save_file(tensors, folder / "model.safetensors")
    write_json(folder / "expected.json", expected(tensors))


make_model(HERE / "pretraining", BertForPreTraining, torch.float32)
make_model(HERE / "sharded_bf16", BertModel, torch.bfloat16, max_shard_size="1KB")
make_element_types(HERE / "element_types")
