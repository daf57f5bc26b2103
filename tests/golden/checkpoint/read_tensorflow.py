"""Copies the variables of a TensorFlow checkpoint to a NumPy archive: python read_tensorflow.py PREFIX OUTPUT.npz

Apart from make_hidden_states.py because tensorflow-cpu and torch do not load into one process.
"""
import sys

import numpy
import tensorflow as tf

reader = tf.train.load_checkpoint(sys.argv[1])
shapes = reader.get_variable_to_shape_map()
numpy.savez(sys.argv[2], **{name: reader.get_tensor(name).astype(numpy.float32) for name in shapes
                            if name.startswith("bert/")})
