#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace cloze {

// Where a record of a user's file stands, for messages: "reviews.tsv:4812".
struct RecordPlace {
  std::filesystem::path file;
  int64_t line = 0;  // 1-based; the line on which the record begins
};
inline std::string to_string(const RecordPlace& place) {
  return place.file.string() + ":" + std::to_string(place.line);
}

// One sequence as the model reads it, special tokens included, no padding: [CLS] a [SEP] or [CLS] a [SEP] b
// [SEP]. Positions count from 0; token types are 0 before `second_begins` and 1 from there on.
struct EncodedSequence {
  std::vector<int32_t> tokens;  // [length]
  int32_t second_begins = 0;    // index of the first token of b; == tokens.size() when there is no b

  friend bool operator==(const EncodedSequence&, const EncodedSequence&) = default;
};

}  // namespace cloze
