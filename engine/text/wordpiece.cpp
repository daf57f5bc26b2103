#include "engine/text/wordpiece.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>

namespace cloze {
namespace {

constexpr std::string_view continuation = "##";

}  // namespace

// Places a trie of plain nodes into the double array, then links failures breadth first. All lists lie in a
// few arrays: a vocabulary of 30,000 pieces has 100,000 nodes, and to allocate for each would take longer
// than the rest.
struct WordPiece::TrieBuilder {
  struct Plain {
    uint32_t parent = none;
    uint32_t first_child = none, last_child = none, next_sibling = none;  // children in the order added
    int32_t id = -1;                                                      // of the piece that ends here
    uint8_t byte = 0;                                                     // by which the parent leads here
  };
  // F of the paper: what a node emits when no edge fits; `count` ids of `emissions` from `begin`.
  struct Emission {
    uint32_t begin = 0, count = 0;
  };
  // The children of a plain node, for a range-based loop over their indices.
  struct Children {
    struct Iterator {
      const std::vector<Plain>& trie;
      uint32_t node;
      uint32_t operator*() const { return node; }
      Iterator& operator++() { return node = trie[node].next_sibling, *this; }
      bool operator!=(const Iterator& other) const { return node != other.node; }
    };
    const std::vector<Plain>& trie;
    uint32_t parent;
    Iterator begin() const { return {trie, trie[parent].first_child}; }
    Iterator end() const { return {trie, none}; }
  };

  TrieBuilder(WordPiece& target, size_t most_nodes) : model(target) {
    trie.reserve(most_nodes);
    trie.resize(2);
    edges.resize(std::bit_ceil(2 * most_nodes), none);
  }

  void add(uint32_t root, std::string_view text, int32_t id) {
    uint32_t node = root;
    for (const char c : text) node = child_of(node, static_cast<uint8_t>(c));
    trie[node].id = id;
  }

  // The child by `byte`, added where there is none.
  uint32_t child_of(uint32_t node, uint8_t byte) {
    size_t edge = (node * size_t{256} + byte) * 0x9E3779B97F4A7C15 >> 20 & (edges.size() - 1);
    for (; edges[edge] != none; edge = (edge + 1) & (edges.size() - 1)) {
      if (trie[edges[edge]].parent == node && trie[edges[edge]].byte == byte) return edges[edge];
    }
    const auto added = static_cast<uint32_t>(trie.size());
    edges[edge] = added;
    trie.push_back({.parent = node, .byte = byte});
    uint32_t& last = trie[node].last_child;
    (last == none ? trie[node].first_child : trie[last].next_sibling) = added;
    return last = added;
  }

  Children children(uint32_t node) const { return {trie, node}; }

  // Breadth first, so that the nodes near the roots, which most bytes visit, lie close together.
  void place() {
    slot.resize(trie.size());
    grow();
    take(dead);
    for (const uint32_t root : {word_root, suffix_root}) {
      slot[root] = next_free(0);
      take(slot[root]);
    }
    order.reserve(trie.size());
    order = {word_root, suffix_root};
    for (size_t i = 0; i < order.size(); ++i) {
      place_children(order[i]);
      for (const uint32_t child : children(order[i])) order.push_back(child);
    }
    model.root_ = slot[word_root];
    model.suffix_root_ = slot[suffix_root];
  }

  void place_children(uint32_t node) {
    if (trie[node].first_child == none) return;
    const uint32_t base = find_base(node);
    model.nodes_[slot[node]].base = base;
    for (const uint32_t child : children(node)) {
      slot[child] = base ^ trie[child].byte;
      take(slot[child]);
      model.nodes_[slot[child]].parent = slot[node];
    }
  }

  // Tries every free slot of the open blocks for the first child. Blocks that stay behind are closed, so that
  // building is linear in the size of the vocabulary.
  uint32_t find_base(uint32_t node) {
    constexpr uint32_t block = 256, open_blocks = 4;
    const uint32_t used = static_cast<uint32_t>(model.nodes_.size());
    const uint32_t begin = std::max(first_free, used > open_blocks * block ? used - open_blocks * block : 0);
    bytes.clear();
    for (const uint32_t child : children(node)) bytes.push_back(trie[child].byte);
    for (uint32_t candidate = next_free(begin); candidate < used; candidate = next_free(candidate + 1)) {
      const uint32_t base = candidate ^ bytes.front();
      if (std::none_of(bytes.begin(), bytes.end(), [&](uint8_t byte) { return is_taken(base ^ byte); }))
        return base;
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
    emission_of.resize(model.nodes_.size());
    for (const uint32_t root : {word_root, suffix_root}) model.nodes_[slot[root]].failure = dead;
    for (const uint32_t parent : order) {
      for (const uint32_t child : children(parent))
        link_child(slot[parent], trie[child].byte, slot[child], trie[child].id);
    }
  }

  void link_child(uint32_t parent, uint8_t byte, uint32_t child, int32_t id) {
    Node& node = model.nodes_[child];
    const auto begin = static_cast<uint32_t>(emissions.size());
    if (id >= 0) {
      node.failure = model.suffix_root_;
      emissions.push_back(id);
    } else {
      emit_as(parent);
      uint32_t behind = model.nodes_[parent].failure;
      while (behind != dead && !has_child(behind, byte)) {
        emit_as(behind);
        behind = model.nodes_[behind].failure;
      }
      node.failure = behind == dead ? dead : model.nodes_[behind].base ^ byte;
      if (behind == dead) emissions.resize(begin);
    }
    emission_of[child] = {begin, static_cast<uint32_t>(emissions.size()) - begin};
    store(node, std::span(emissions).subspan(begin));
  }

  // What the node at `position` emits comes behind all emissions too.
  void emit_as(uint32_t position) {
    const auto [begin, count] = emission_of[position];
    for (uint32_t i = begin; i < begin + count; ++i) emissions.push_back(int32_t{emissions[i]});
  }

  bool has_child(uint32_t position, uint8_t byte) const {
    return model.nodes_[model.nodes_[position].base ^ byte].parent == position;
  }

  void store(Node& node, std::span<const int32_t> ids) {
    if (ids.size() == 1) {
      node.emitted = static_cast<uint32_t>(ids[0]);
    } else if (!ids.empty()) {
      node.emitted = several_bit | static_cast<uint32_t>(model.several_.size());
      model.several_.push_back(static_cast<int32_t>(ids.size()));
      model.several_.insert(model.several_.end(), ids.begin(), ids.end());
    }
  }

  static constexpr uint32_t word_root = 0, suffix_root = 1, none = 0xFFFFFFFF;
  WordPiece& model;
  std::vector<Plain> trie;
  std::vector<uint32_t> edges;        // a hash table, (node, byte) -> child, by linear probing
  std::vector<uint32_t> order;        // plain nodes, breadth first
  std::vector<uint32_t> slot;         // [plain nodes] -> position in the double array
  std::vector<uint8_t> bytes;         // that lead to the children being placed
  std::vector<uint64_t> taken;        // a bit for each position
  std::vector<Emission> emission_of;  // [positions]
  std::vector<int32_t> emissions;
  uint32_t first_free = 0;
};

WordPiece::WordPiece(const Vocabulary& vocabulary, int max_word_characters)
    : unknown_id_(vocabulary.unknown_id()), max_word_characters_(static_cast<uint32_t>(max_word_characters)) {
  size_t most_nodes = 2;
  for (const int32_t id : vocabulary.distinct_ids()) most_nodes += 2 * vocabulary.piece(id).size();
  TrieBuilder builder(*this, most_nodes);
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
