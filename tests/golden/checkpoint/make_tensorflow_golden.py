"""Writes two checkpoints with TensorFlow itself, and what a reader must find in them.

Run with tensorflow-cpu 2.21 and safetensors 0.8 (others should do); it prints nothing and overwrites what is there.

  tensorflow_training/     what a training folder of google-research/bert holds, and all that makes reading it hard: two
                           data files, Adam's slots, global_step, a variable saved in parts, one of each float type,
                           a string; a `checkpoint` file that names the latest of two; cased; bert_config.json without
                           type_vocab_size
  uncased_L-1_H-8_A-2/     what a release or run_classifier leaves: one data file, a classifier of three labels, no slots
  */expected/tensors.safetensors   the same tensors under transformers' names, kernels transposed

TensorFlow's writer no longer compresses the index; tests/checkpoint compresses one with LevelDB.
"""
import json
import os
import pathlib
import shutil

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import numpy
import tensorflow as tf
from safetensors.numpy import save_file

tf1 = tf.compat.v1
tf1.disable_eager_execution()
tf1.disable_resource_variables()
HERE = pathlib.Path(__file__).parent
HIDDEN, INTERMEDIATE, POSITIONS = 8, 16, 10
CASED = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "Cat", "##s", "ä", ".", "sat", "##t"]
RNG = numpy.random.default_rng(11)


def dense(google, ours, inputs, outputs):
    return [(f"{google}/kernel", f"{ours}.weight", (inputs, outputs)), (f"{google}/bias", f"{ours}.bias", (outputs,))]


def norm(google, ours):
    return [(f"{google}/LayerNorm/gamma", f"{ours}.LayerNorm.weight", (HIDDEN,)),
            (f"{google}/LayerNorm/beta", f"{ours}.LayerNorm.bias", (HIDDEN,))]


def encoder(types):
    """(TensorFlow's name, transformers' name, TensorFlow's shape)"""
    e, l, o = "bert/embeddings", "bert/encoder/layer_0", "bert.encoder.layer.0"
    variables = [(f"{e}/word_embeddings", "bert.embeddings.word_embeddings.weight", (len(CASED), HIDDEN)),
                 (f"{e}/position_embeddings", "bert.embeddings.position_embeddings.weight", (POSITIONS, HIDDEN)),
                 (f"{e}/token_type_embeddings", "bert.embeddings.token_type_embeddings.weight", (types, HIDDEN))]
    variables += norm(e, "bert.embeddings")
    for part in ("query", "key", "value"):
        variables += dense(f"{l}/attention/self/{part}", f"{o}.attention.self.{part}", HIDDEN, HIDDEN)
    variables += dense(f"{l}/attention/output/dense", f"{o}.attention.output.dense", HIDDEN, HIDDEN)
    variables += norm(f"{l}/attention/output", f"{o}.attention.output")
    variables += dense(f"{l}/intermediate/dense", f"{o}.intermediate.dense", HIDDEN, INTERMEDIATE)
    variables += dense(f"{l}/output/dense", f"{o}.output.dense", INTERMEDIATE, HIDDEN)
    variables += norm(f"{l}/output", f"{o}.output")
    return variables + dense("bert/pooler/dense", "bert.pooler.dense", HIDDEN, HIDDEN)


def heads():
    return (dense("cls/predictions/transform/dense", "cls.predictions.transform.dense", HIDDEN, HIDDEN)
            + norm("cls/predictions/transform", "cls.predictions.transform")
            + [("cls/predictions/output_bias", "cls.predictions.bias", (len(CASED),)),
               ("cls/seq_relationship/output_weights", "cls.seq_relationship.weight", (2, HIDDEN)),
               ("cls/seq_relationship/output_bias", "cls.seq_relationship.bias", (2,))])


TYPES = {"bert/embeddings/position_embeddings": tf.float16, "bert/embeddings/token_type_embeddings": tf.bfloat16,
         "bert/pooler/dense/kernel": tf.float64}
PARTS = {"bert/embeddings/word_embeddings": (3, 0), "bert/embeddings/word_embeddings/adam_m": (2, 1)}


def make_variable(name, shape, number):
    """Returns what it holds, as float32."""
    kind = TYPES.get(name, tf.float32)
    value = RNG.standard_normal(shape).astype(kind.as_numpy_dtype)
    if name.endswith("adam_v"):
        value = numpy.abs(value)
    partitioner = tf1.fixed_size_partitioner(*PARTS[name]) if name in PARTS else None
    with tf.device(f"/cpu:{number % 2}"):
        if partitioner:  # each part asks for its own values; all of them are the whole's
            def part(shape, dtype, partition_info):
                begin = partition_info.var_offset
                return tf.constant(value[tuple(slice(b, b + s) for b, s in zip(begin, shape))], dtype)
            tf1.get_variable(name, shape, kind, part, partitioner=partitioner)
        else:
            tf1.get_variable(name, dtype=kind, initializer=tf.constant(value, kind))
    return value.astype(numpy.float32)


def save(folder, prefix, saver_options, step):
    config = tf1.ConfigProto(device_count={"CPU": 2})
    with tf1.Session(config=config) as session:
        session.run(tf1.global_variables_initializer())
        saver = tf1.train.Saver(**saver_options)
        saver.save(session, str(folder / prefix), global_step=step, write_meta_graph=False)


def ours(value, google):
    return numpy.ascontiguousarray(value.T) if google.endswith("kernel") else value


def write_side_files(folder, description, pieces):
    (folder / "bert_config.json").write_text(json.dumps(description, indent=2) + "\n")
    (folder / "vocab.txt").write_text("".join(piece + "\n" for piece in pieces))


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "expected").mkdir(parents=True)
    return folder


def training():
    folder = fresh("tensorflow_training")
    expected = {}
    with tf.Graph().as_default():
        number = 0
        for google, name, shape in encoder(16) + heads():
            for suffix, ending in (("", ""), ("/adam_m", "/first_moment"), ("/adam_v", "/second_moment")):
                expected[name + ending] = ours(make_variable(google + suffix, shape, number), google)
                number += 1
        with tf.device("/cpu:0"):
            tf1.get_variable("global_step", dtype=tf.int64, initializer=tf.constant(7, tf.int64))
            tf1.get_variable("note", dtype=tf.string, initializer=tf.constant("not a number"))
        save(folder, "model.ckpt", {"sharded": True}, 7)
    state = (folder / "checkpoint").read_text().replace(str(folder), "/a/training/folder that was moved").splitlines()
    older = 'all_model_checkpoint_paths: "model.ckpt-3"'  # its files are long removed
    (folder / "checkpoint").write_text("\n".join([state[0], older, *state[1:]]) + "\n")
    write_side_files(folder, {"hidden_act": "gelu", "hidden_size": HIDDEN, "intermediate_size": INTERMEDIATE,
                              "max_position_embeddings": POSITIONS, "num_attention_heads": 2, "num_hidden_layers": 1,
                              "vocab_size": len(CASED)}, CASED)
    save_file(expected, folder / "expected" / "tensors.safetensors")


def release():
    folder = fresh("uncased_L-1_H-8_A-2")
    expected = {}
    with tf.Graph().as_default():
        head = [("output_weights", "classifier.weight", (3, HIDDEN)), ("output_bias", "classifier.bias", (3,))]
        TYPES.clear(), PARTS.clear()
        for google, name, shape in encoder(2) + head:
            expected[name] = ours(make_variable(google, shape, 0), google)
        save(folder, "bert_model.ckpt", {}, None)
    (folder / "checkpoint").unlink()  # releases have none
    write_side_files(folder, {"hidden_act": "relu", "hidden_size": HIDDEN, "intermediate_size": INTERMEDIATE,
                              "max_position_embeddings": POSITIONS, "num_attention_heads": 2, "num_hidden_layers": 1,
                              "type_vocab_size": 2, "vocab_size": len(CASED)}, CASED)
    save_file(expected, folder / "expected" / "tensors.safetensors")


training()
release()
for path in HERE.glob("*/expected/tensors.safetensors"):
    path.chmod(0o644)
