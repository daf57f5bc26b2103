#include "engine/data/count_words.h"

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/data/chunk_texts.h"
#include "engine/data/document_reader.h"
#include "engine/data/text_source.h"

namespace cloze {

void count_words(std::span<const std::filesystem::path> inputs, TextKind kind, const std::string& text_field,
                 WordCounter& counter) {
  const auto files = list_inputs(inputs);
  DocumentReader reader(files, kind);
  const ChunkTexts texts(text_field);
  uint64_t bytes = 0, invalid = 0;
  for (TextChunk chunk; reader.next(chunk);) {
    const TextCleaning cleaning = texts.for_each(chunk, [&](ChunkTexts::Unit, std::string_view text) {
      counter.add(text);
      bytes += text.size();
    });
    invalid += cleaning.invalid_bytes;
  }
  if (invalid > 0) log::warning("{} bytes that are not UTF-8 were dropped", invalid);
  if (bytes == 0) throw Error({.what = "the inputs hold no text", .where = files.front().path});
}

}  // namespace cloze
