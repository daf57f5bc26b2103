#include "engine/text/wordpiece.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>

namespace cloze {
namespace {

constexpr std::string_view continuation = "##";

}  // namespace

// Places a trie of plain nodes into the double array, then links failures breadth first.
struct WordPiece::TrieBuilder {
  struct Plain {
    std::vector<std::pair<uint8_t, uint32_t>> children;  // byte -> node, in the order added
    int32_t id = -1;                                     // of the piece that ends here
  };

  explicit TrieBuilder(WordPiece& target) : model(target) { trie.resize(2); }

  void add(uint32_t root, std::string_view text, int32_t id) {
    uint32_t node = root;
    for (const char c : text) {
      const auto byte = static_cast<uint8_t>(c);
      auto& children = trie[node].children;
      const auto place =
          std::find_if(children.begin(), children.end(), [&](auto& child) { return child.first == byte; });
      if (place != children.end()) {
        node = place->second;
      } else {
        const auto added = static_cast<uint32_t>(trie.size());
        children.emplace_back(byte, added);
        trie.emplace_back();
        node = added;
      }
    }
    trie[node].id = id;
  }

  // Breadth first, so that the nodes near the roots, which most bytes visit, lie close together.
  void place() {
    slot.resize(trie.size());
    grow();
    take(dead);
    for (const uint32_t root : {word_root, suffix_root}) {
      slot[root] = next_free(0);
      take(slot[root]);
    }
    order = {word_root, suffix_root};
    for (size_t i = 0; i < order.size(); ++i) {
      place_children(order[i]);
      for (const auto& [byte, child] : trie[order[i]].children) order.push_back(child);
    }
    model.root_ = slot[word_root];
    model.suffix_root_ = slot[suffix_root];
  }

  void place_children(uint32_t node) {
    const auto& children = trie[node].children;
    if (children.empty()) return;
    const uint32_t base = find_base(children);
    model.nodes_[slot[node]].base = base;
    for (const auto& [byte, child] : children) {
      slot[child] = base ^ byte;
      take(slot[child]);
      model.nodes_[slot[child]].parent = slot[node];
    }
  }

  // Tries every free slot of the open blocks for the first child. Blocks that stay behind are closed, so that
  // building is linear in the size of the vocabulary.
  uint32_t find_base(std::span<const std::pair<uint8_t, uint32_t>> children) {
    constexpr uint32_t block = 256, open_blocks = 4;
    const uint32_t used = static_cast<uint32_t>(model.nodes_.size());
    const uint32_t begin = std::max(first_free, used > open_blocks * block ? used - open_blocks * block : 0);
    for (uint32_t candidate = next_free(begin); candidate < used; candidate = next_free(candidate + 1)) {
      const uint32_t base = candidate ^ children.front().first;
      const bool fits = std::none_of(children.begin(), children.end(),
                                     [&](auto& child) { return is_taken(base ^ child.first); });
      if (fits) return base;
    }
    grow();
    return used;
  }

  bool is_taken(uint32_t position) const { return (taken[position / 64] >> position % 64 & 1) != 0; }

  // The end of the array where there is none.
  uint32_t next_free(uint32_t from) const {
    for (size_t word = from / 64; word < taken.size(); ++word, from = static_cast<uint32_t>(word * 64)) {
      const uint64_t free = ~taken[word] >> from % 64;
      if (free != 0) return from + static_cast<uint32_t>(std::countr_zero(free));
    }
    return static_cast<uint32_t>(model.nodes_.size());
  }

  void take(uint32_t position) {
    taken[position / 64] |= uint64_t{1} << position % 64;
    first_free = next_free(first_free);
  }

  void grow() {
    model.nodes_.resize(model.nodes_.size() + 256);
    taken.resize(model.nodes_.size() / 64, 0);
  }

  // Algorithm 2 of the paper: F(v) and f(v) of every node from those of shorter strings.
  void link() {
    pops.resize(model.nodes_.size());
    for (const uint32_t root : {word_root, suffix_root}) model.nodes_[slot[root]].failure = dead;
    for (const uint32_t parent : order) {
      for (const auto& [byte, child] : trie[parent].children)
        link_child(slot[parent], byte, slot[child], trie[child].id);
    }
  }

  void link_child(uint32_t parent, uint8_t byte, uint32_t child, int32_t id) {
    Node& node = model.nodes_[child];
    if (id >= 0) {
      node.failure = model.suffix_root_;
      pops[child] = {id};
    } else {
      std::vector<int32_t> emitted = pops[parent];
      uint32_t behind = model.nodes_[parent].failure;
      while (behind != dead && !has_child(behind, byte)) {
        emitted.insert(emitted.end(), pops[behind].begin(), pops[behind].end());
        behind = model.nodes_[behind].failure;
      }
      node.failure = behind == dead ? dead : model.nodes_[behind].base ^ byte;
      if (behind != dead) pops[child] = std::move(emitted);
    }
    store(node, pops[child]);
  }

  bool has_child(uint32_t position, uint8_t byte) const {
    return model.nodes_[model.nodes_[position].base ^ byte].parent == position;
  }

  void store(Node& node, const std::vector<int32_t>& ids) {
    if (ids.size() == 1) {
      node.emitted = static_cast<uint32_t>(ids[0]);
    } else if (!ids.empty()) {
      node.emitted = several_bit | static_cast<uint32_t>(model.several_.size());
      model.several_.push_back(static_cast<int32_t>(ids.size()));
      model.several_.insert(model.several_.end(), ids.begin(), ids.end());
    }
  }

  static constexpr uint32_t word_root = 0, suffix_root = 1;
  WordPiece& model;
  std::vector<Plain> trie;
  std::vector<uint32_t> order;             // plain nodes, breadth first
  std::vector<uint32_t> slot;              // [plain nodes] -> position in the double array
  std::vector<uint64_t> taken;             // a bit for each position
  std::vector<std::vector<int32_t>> pops;  // [positions]: F of the paper
  uint32_t first_free = 0;
};

WordPiece::WordPiece(const Vocabulary& vocabulary, int max_word_characters)
    : unknown_id_(vocabulary.unknown_id()), max_word_characters_(static_cast<uint32_t>(max_word_characters)) {
  TrieBuilder builder(*this);
  for (const int32_t id : vocabulary.distinct_ids()) {
    const std::string_view piece = vocabulary.piece(id);
    if (piece.empty()) continue;
    builder.add(TrieBuilder::word_root, piece, id);
    if (piece.starts_with(continuation) && piece.size() > continuation.size()) {
      builder.add(TrieBuilder::suffix_root, piece.substr(continuation.size()), id);
    }
  }
  builder.place();
  builder.link();
}

void WordPiece::encode_word(std::string_view word, std::vector<int32_t>& ids) const {
  Matcher matcher(*this, ids);
  matcher.characters(word);
  matcher.end_word();
}

}  // namespace cloze
