#pragma once

#include <functional>
#include <string_view>

#include "engine/base/error.h"
#include "engine/data/examples/example_reader.h"
#include "tests/fuzz/fuzz_target.h"

namespace cloze::fuzz {

// `text` in blocks of `block_bytes`, as a file gives it.
inline std::function<std::string_view()> blocks_of(std::string_view text, size_t block_bytes) {
  return [rest = text, block_bytes]() mutable {
    const std::string_view block = rest.substr(0, block_bytes);
    rest.remove_prefix(block.size());
    return block;
  };
}

// Reads the text as a file of the task for every use; what is read must be in the order of the file.
inline void check_examples(std::string_view text, const TaskDescription& task, const char* name) {
  for (const ExampleUse use : {ExampleUse::training, ExampleUse::prediction}) {
    try {
      const ExampleSet set = read_examples(blocks_of(text, 1000), name, task, use);
      int64_t line = 0;
      for (const Example& example : set.examples) {
        require(example.line > line, "examples stand on lines of their own, in order");
        line = example.line;
      }
      require(!set.examples.empty(), "a file that is accepted has examples");
    } catch (const Error&) {
    }
  }
}

}  // namespace cloze::fuzz
