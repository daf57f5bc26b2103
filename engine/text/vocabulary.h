#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cloze {

// The word pieces of a model, numbered by line of vocab.txt. Where a piece is listed twice, looking it up
// gives the last number; the earlier one keeps its text but is never produced by a tokenizer.
class Vocabulary {
 public:
  // A vocab.txt: one piece per line, white space at both ends taken off; an empty line is the empty piece.
  // Throws Error (file:line) for what is not UTF-8 and for a vocabulary without [PAD], [UNK], [CLS] or [SEP].
  static Vocabulary load(const std::filesystem::path& path);

  // The same for a file's bytes.
  static Vocabulary parse(std::string_view bytes, const std::string& origin);

  // `origin` names the source in messages. Throws Error as load() does.
  explicit Vocabulary(std::vector<std::string> pieces, std::string origin = "");

  // The look-up table points into the pieces: moving keeps them in place, copying would not.
  Vocabulary(const Vocabulary&) = delete;
  Vocabulary& operator=(const Vocabulary&) = delete;
  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;

  int32_t size() const { return static_cast<int32_t>(pieces_.size()); }
  std::string_view piece(int32_t id) const;  // throws Error for an id outside [0, size)
  std::optional<int32_t> find(std::string_view piece) const;

  int32_t pad_id() const { return pad_; }
  int32_t unknown_id() const { return unknown_; }
  int32_t classify_id() const { return classify_; }
  int32_t separator_id() const { return separator_; }
  int32_t mask_id() const;  // throws Error where the vocabulary has no [MASK]
  void require_mask() const { mask_id(); }

  // Every distinct piece's id, specials and [unused…] included, in order of first appearance: what random
  // replacement in masked-LM draws from (BERT's vocab_words).
  std::span<const int32_t> distinct_ids() const { return distinct_ids_; }

  std::string digest() const;  // of text()
  std::string text() const;    // the bytes of vocab.txt
  const std::string& origin() const { return origin_; }

 private:
  int32_t require(std::string_view piece) const;

  std::vector<std::string> pieces_;
  std::string origin_;
  std::unordered_map<std::string_view, int32_t> ids_;
  std::vector<int32_t> distinct_ids_;
  int32_t pad_ = 0, unknown_ = 0, classify_ = 0, separator_ = 0;
};

}  // namespace cloze
