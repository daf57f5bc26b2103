#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace cloze {

// JSON that other programs wrote (config.json, tokenizer_config.json, ...). `where` is the file's name for
// messages.

// Throws Error with file:line:column and the line's text where it is not JSON, or where an object has a key
// twice.
nlohmann::json read_json(const std::filesystem::path& path);
nlohmann::json parse_json(std::string_view text, std::string_view where);

// Two-space indentation and a final newline, keys sorted; text that is not UTF-8 throws Error.
std::string json_text(const nlohmann::json& value);

// The member `key` of an object, which must be there and of that type; else Error saying what is there
// instead.
std::string json_string(const nlohmann::json& object, std::string_view key, std::string_view where);
int64_t json_integer(const nlohmann::json& object, std::string_view key, std::string_view where);
double json_number(const nlohmann::json& object, std::string_view key, std::string_view where);
bool json_boolean(const nlohmann::json& object, std::string_view key, std::string_view where);
const nlohmann::json& json_object(const nlohmann::json& object, std::string_view key, std::string_view where);
const nlohmann::json& json_array(const nlohmann::json& object, std::string_view key, std::string_view where);

// The same, with `fallback` where the key is missing or null; a member of another type is an Error all the
// same.
std::string json_string_or(const nlohmann::json& object, std::string_view key, std::string fallback,
                           std::string_view where);
int64_t json_integer_or(const nlohmann::json& object, std::string_view key, int64_t fallback,
                        std::string_view where);
double json_number_or(const nlohmann::json& object, std::string_view key, double fallback,
                      std::string_view where);
bool json_boolean_or(const nlohmann::json& object, std::string_view key, bool fallback,
                     std::string_view where);

}  // namespace cloze
