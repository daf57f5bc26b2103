#include "engine/config/yaml.h"

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "engine/config/source_text.h"

namespace cloze {
namespace {

// Far above any configuration; stops aliases of aliases of aliases.
constexpr size_t largest_node_count = 100'000;

size_t node_count(const ConfigNode& node) {
  size_t count = 1;
  for (const Member& member : node.members) count += node_count(member.node);
  return count;
}

// Builds the ConfigNode tree from the parser's events.
class Builder : public YAML::EventHandler {
 public:
  Builder(const SourceText& text, Mistakes& mistakes) : text_(text), mistakes_(mistakes) {}

  ConfigNode take_root() { return std::move(root_); }
  // Where the last event was, from 0.
  int last_line() const { return last_line_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add({.kind = ConfigNode::Kind::null, .place = place(mark)}, anchor, mark);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    add({.kind = ConfigNode::Kind::scalar, .text = value, .quoted = tag == "!", .place = place(mark)}, anchor,
        mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) text_.fail(mark.line, mark.column, "an alias stands inside what it names");
    ConfigNode copy = found->second;
    copy.place = place(mark);
    count_ += node_count(copy);
    add(std::move(copy), 0, mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open_.push_back({{.kind = ConfigNode::Kind::list, .place = place(mark)}, anchor, mark, {}});
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open_.push_back({{.kind = ConfigNode::Kind::map, .place = place(mark)}, anchor, mark, {}});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Key {
    std::string text;
    Place place;
    int position;  // in the text, in bytes
  };
  struct Open {
    ConfigNode node;
    YAML::anchor_t anchor;
    YAML::Mark mark;
    std::optional<Key> key;  // of a map: read, its value not yet
  };

  Place place(const YAML::Mark& mark) const { return {text_.source(), mark.line + 1}; }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag.empty() || tag == "?" || tag == "!") return;
    text_.fail(mark.line, mark.column, fmt::format("tags like `{}` are not used in configurations", tag));
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    add(std::move(closed.node), closed.anchor, closed.mark);
  }

  void add(ConfigNode node, YAML::anchor_t anchor, const YAML::Mark& mark) {
    last_line_ = mark.line;
    if (++count_ > largest_node_count)
      text_.fail(mark.line, mark.column, "the document is too large for a configuration");
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (open_.back().node.kind == ConfigNode::Kind::list) {
      open_.back().node.members.push_back({{}, node.place, std::move(node)});
    } else if (!open_.back().key) {
      if (node.kind != ConfigNode::Kind::scalar)
        text_.fail(mark.line, mark.column, "a key must be a plain word");
      open_.back().key = Key{std::move(node.text), node.place, mark.pos};
    } else {
      refuse_missing_colon(*open_.back().key, node, mark);
      add_member(open_.back(), std::move(node));
    }
  }

  // A key without `:` comes as one whose empty value stands where the key stands.
  void refuse_missing_colon(const Key& key, const ConfigNode& node, const YAML::Mark& mark) const {
    if (node.kind != ConfigNode::Kind::null || mark.pos != key.position) return;
    text_.fail(mark.line, mark.column, fmt::format("`{}` stands alone: a key is followed by `:`", key.text));
  }

  void add_member(Open& map, ConfigNode node) {
    const Key key = std::move(*std::exchange(map.key, std::nullopt));
    if (node.kind == ConfigNode::Kind::null) node.place = key.place;  // the parser puts it on a later line
    if (const Member* first = find(map.node, key.text)) {
      mistakes_.add(key.place, fmt::format("key `{}` is given twice", key.text),
                    fmt::format("the first is in line {}", first->place.line), "keep one of them");
    } else if (key.text == "<<") {
      mistakes_.add(key.place, "merge keys `<<` are not supported", "YAML 1.2 has no such key",
                    "write the keys out, or keep them in a file that `base:` names");
    } else {
      map.node.members.push_back({key.text, key.place, std::move(node)});
    }
  }

  const SourceText& text_;
  Mistakes& mistakes_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, ConfigNode> anchors_;
  ConfigNode root_;
  size_t count_ = 0;
  int last_line_ = 0;
};

// yaml-cpp takes a quoted text that the end of the document cuts off; an end mark makes it complain.
std::string with_end_mark(std::string_view text) {
  return fmt::format("{}{}...\n", text, text.empty() || text.ends_with('\n') ? "" : "\n");
}

}  // namespace

ConfigNode parse_yaml(std::string_view text, const std::shared_ptr<const Source>& source,
                      Mistakes& mistakes) {
  const SourceText checked(text, source);
  Builder builder(checked, mistakes);
  try {
    std::istringstream stream{with_end_mark(checked.text())};
    YAML::Parser parser(stream);
    const bool found = parser.HandleNextDocument(builder);
    ConfigNode root = builder.take_root();
    if (!found) root.place = {source, 0};
    Builder second(checked, mistakes);
    if (found && parser.HandleNextDocument(second)) {
      checked.fail(second.last_line(), 0, "a second document starts here; a configuration is one document");
    }
    return root;
  } catch (const YAML::Exception& error) {
    if (error.msg == YAML::ErrorMsg::DOC_IN_SCALAR) {
      checked.fail(builder.last_line(), 0, "a quoted text starts after this and has no closing quote");
    }
    checked.fail(error.mark.line, error.mark.column, error.msg);
  }
}

}  // namespace cloze
