// SPDX-License-Identifier: Apache-2.0
// yaml-cpp's parser events to a tree of our own. The events are used rather than YAML::Node because
// they show every key (duplicates too) and can stop the parser before it recurses any deeper.
#include "agent/config/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "agent/config/config_error.h"
#include "agent/config/text.h"

namespace fanfare {
namespace {

constexpr std::size_t deepest = 16;  // the contract itself needs 5

int line_of(const YAML::Mark& mark) { return mark.is_null() ? 0 : mark.line + 1; }

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view file_name) : file_(file_name) {}

  YamlNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) fail(mark, "a second document begins; allowed: one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { add(node_at(mark)); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    fail(mark, "aliases (*name) are not supported; allowed: the value itself, written out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    YamlNode node = node_at(mark);
    node.kind = YamlNode::Kind::scalar;
    node.style = style_of(mark, tag);
    node.text = value;
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, YamlNode::Kind::mapping);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    enum class Next { key, value } next = Next::key;  // of a mapping
    std::string key;
    int key_line = 1;
  };

  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& complaint) const {
    refuse({.file = file_, .line = line_of(mark), .key = {}}, complaint);
  }

  static YamlNode node_at(const YAML::Mark& mark) {
    YamlNode node;
    node.line = line_of(mark);
    return node;
  }

  // yaml-cpp says "?" for plain and "!" for quoted scalars; anything else was written as a tag.
  YamlNode::Style style_of(const YAML::Mark& mark, const std::string& tag) const {
    if (tag == "!") return YamlNode::Style::quoted;
    if (tag != "?" && !tag.empty()) fail(mark, "tags (!name) are not supported; allowed: none");
    return YamlNode::Style::plain;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YamlNode::Kind kind) {
    style_of(mark, tag);
    if (open_.size() >= deepest)
      fail(mark, "nested too deep; allowed: " + std::to_string(deepest) + " levels");
    if (wants_key()) fail(mark, std::string(name_of(kind)) + " as a key; allowed: a name");
    Open entry;
    entry.node = node_at(mark);
    entry.node.kind = kind;
    open_.push_back(std::move(entry));
  }

  void close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  bool wants_key() const {
    return !open_.empty() && open_.back().node.kind == YamlNode::Kind::mapping &&
           open_.back().next == Open::Next::key;
  }

  void add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (wants_key()) {
      parent.key = std::move(node.text);
      parent.key_line = node.line;
      parent.next = Open::Next::value;
      return;
    }
    node.key = std::move(parent.key);
    node.key_line = parent.key_line;
    // yaml-cpp's mark of an absent value is that of whatever comes next.
    const bool is_member = parent.node.kind == YamlNode::Kind::mapping;
    if (is_member && node.kind == YamlNode::Kind::nothing) node.line = node.key_line;
    parent.next = Open::Next::key;
    parent.node.children.push_back(std::move(node));
  }

  std::string file_;
  int documents_ = 0;
  YamlNode root_;
  std::vector<Open> open_;
};

// Before yaml-cpp sees it: it would guess UTF-16 and UTF-32, and takes byte 4 for the end.
void refuse_what_is_not_text(std::string_view text, const std::string& file) {
  if (text.size() > largest_config_bytes)
    refuse({.file = file, .line = 0, .key = {}},
           "larger than 1 MiB; allowed: " + std::to_string(largest_config_bytes) + " bytes");
  int line = 1;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    const bool control =
        point.value < 0x20 && text.front() != '\t' && text.front() != '\r' && text.front() != '\n';
    if (point.bytes == 0 || control)
      refuse({.file = file, .line = line, .key = {}},
             "byte " + escaped(text.substr(0, 1)) + " is not text; allowed: UTF-8");
    if (point.value == '\n') ++line;
    text.remove_prefix(point.bytes);
  }
}

}  // namespace

YamlNode read_yaml(std::string_view text, std::string_view file_name) {
  const std::string file(file_name);
  refuse_what_is_not_text(text, file);
  std::istringstream stream{std::string(text)};
  TreeBuilder builder(file_name);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    refuse({.file = file, .line = line_of(error.mark), .key = {}},
           "not YAML: " + escaped(error.msg) + "; allowed: YAML 1.2");
  }
  return builder.take_root();
}

const YamlNode* find_member(const YamlNode& mapping, std::string_view key) {
  const auto found = std::find_if(mapping.children.begin(), mapping.children.end(),
                                  [=](const YamlNode& member) { return member.key == key; });
  return found == mapping.children.end() ? nullptr : &*found;
}

std::string_view name_of(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::scalar:
      return "a single value";
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::mapping:
      return "a mapping";
    case YamlNode::Kind::nothing:
      break;
  }
  return "nothing";
}

}  // namespace fanfare
