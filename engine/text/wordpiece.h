#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/text/vocabulary.h"

namespace cloze {

// Greedy longest-match-first WordPiece in linear time: LinMaxMatch (Song et al. 2021, "Fast WordPiece
// Tokenization", section 3), a trie whose nodes know what to emit and where to go on when no edge fits. The
// trie is a double array over UTF-8 bytes: the child of `node` by byte b is nodes[node].base ^ b, if that
// slot's parent is `node`. Word-initial pieces hang from one root, "##" pieces, without the "##", from
// another.
class WordPiece {
 public:
  WordPiece(const Vocabulary& vocabulary, int max_word_characters);

  // Appends the pieces of one word (valid UTF-8); a word that cannot be spelled, or longer than the limit, is
  // [UNK].
  void encode_word(std::string_view word, std::vector<int32_t>& ids) const;

  class Matcher;

 private:
  struct Node {
    uint32_t base = 0;
    uint32_t parent = no_node;
    uint32_t failure = dead;  // where matching goes on after emitting; `dead`: the word is [UNK]
    uint32_t emitted = 0;     // a piece's id, or several_bit | index into several_
  };
  struct TrieBuilder;

  // Slot 0 is the state of a word already known to be [UNK]: it has no children and no failure.
  static constexpr uint32_t dead = 0, no_node = 0xFFFFFFFF, several_bit = 0x80000000;

  std::vector<Node> nodes_;
  std::vector<int32_t> several_;  // lists of ids, each after its length
  uint32_t root_ = 0, suffix_root_ = 0;
  int32_t unknown_id_;
  uint32_t max_word_characters_;
};

// Spells words fed byte by byte; appends ids as they become certain.
class WordPiece::Matcher {
 public:
  Matcher(const WordPiece& model, std::vector<int32_t>& ids)
      : nodes_(model.nodes_.data()), model_(model), ids_(ids), word_start_(ids.size()), state_(model.root_) {}

  [[gnu::always_inline]] void character(uint8_t ascii) {
    ++characters_;
    byte(ascii);
  }

  [[gnu::always_inline]] void characters(std::string_view utf8) {
    for (const char c : utf8) {
      characters_ += (static_cast<uint8_t>(c) & 0xC0) != 0x80;
      byte(static_cast<uint8_t>(c));
    }
  }

  // The word is complete; without any bytes since the last call there is none.
  [[gnu::always_inline]] void end_word() {
    if (characters_ == 0) return;
    if (characters_ > model_.max_word_characters_) state_ = dead;
    while (state_ != model_.suffix_root_ && state_ != dead) fail();
    if (state_ == dead) {
      ids_.resize(word_start_);
      ids_.push_back(model_.unknown_id_);
    }
    word_start_ = ids_.size();
    state_ = model_.root_;
    characters_ = 0;
  }

 private:
  [[gnu::always_inline]] void byte(uint8_t value) {
    for (;;) {
      const uint32_t next = nodes_[state_].base ^ value;
      if (nodes_[next].parent == state_) [[likely]] {
        state_ = next;
        return;
      }
      if (state_ == dead) return;
      fail();
    }
  }

  // No edge fits: what was matched so far is emitted, matching goes on behind it.
  [[gnu::always_inline]] void fail() {
    const Node& node = nodes_[state_];
    state_ = node.failure;
    if (state_ == dead) return;
    if ((node.emitted & several_bit) == 0) [[likely]] {
      ids_.push_back(static_cast<int32_t>(node.emitted));
    } else {
      emit_several(node.emitted & ~several_bit);
    }
  }

  [[gnu::noinline]] void emit_several(uint32_t index) {
    const auto list = model_.several_.begin() + index;
    ids_.insert(ids_.end(), list + 1, list + 1 + *list);
  }

  const Node* nodes_;
  const WordPiece& model_;
  std::vector<int32_t>& ids_;
  size_t word_start_;
  uint32_t state_;
  uint32_t characters_ = 0;
};

}  // namespace cloze
