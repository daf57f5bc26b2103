#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/data/examples/example_reader.h"
#include "engine/data/examples/table_reader.h"
#include "engine/text/tokenizer.h"

namespace cloze::testing {

// `text` in blocks of at most `block_bytes`, as a file gives it.
std::function<std::string_view()> blocks_of(std::string_view text, size_t block_bytes = 1 << 16);

// All rows of a table.
std::vector<TableRow> rows_of(TableReader& reader);

// The examples of a text that stands in a file of that name.
ExampleSet examples_of(std::string_view text, const TaskDescription& task,
                       ExampleUse use = ExampleUse::training, const std::string& name = "data.tsv");

// A tokenizer of lower-case words: [PAD] [UNK] [CLS] [SEP] a b c d e f g h ##x, ids in this order.
std::shared_ptr<const Tokenizer> letter_tokenizer();

// What the call throws, as its message; empty where it throws nothing.
std::string message_of(const std::function<void()>& call);

}  // namespace cloze::testing
