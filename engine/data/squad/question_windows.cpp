#include "engine/data/squad/question_windows.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "engine/data/ordered_pipeline.h"
#include "engine/data/squad/window_spans.h"

namespace cloze {
namespace {

constexpr int64_t first_unique_id = 1'000'000'000;

// A passage word by word in tokens. A word may have none; first_token is then that of the next.
struct PassageTokens {
  std::vector<int32_t> ids;          // [tokens]
  std::vector<int32_t> words;        // [tokens] the word of each
  std::vector<int32_t> first_token;  // [words]
};

// Tokens [first, last] of a passage.
struct TokenRange {
  int32_t first = 0, last = 0;
};

PassageTokens tokenize(const Passage& passage, const Tokenizer& tokenizer) {
  PassageTokens tokens;
  for (size_t word = 0; word < passage.words.size(); ++word) {
    tokens.first_token.push_back(static_cast<int32_t>(tokens.ids.size()));
    tokenizer.encode(passage.word(word), tokens.ids);
    tokens.words.resize(tokens.ids.size(), static_cast<int32_t>(word));
  }
  return tokens;
}

TokenRange tokens_of_words(const PassageTokens& passage, WordRange words) {
  const auto next = static_cast<size_t>(words.last) + 1;
  const auto end = next < passage.first_token.size() ? passage.first_token[next]
                                                     : static_cast<int32_t>(passage.ids.size());
  return {passage.first_token[static_cast<size_t>(words.first)], end - 1};
}

// Words are cut at spaces only: "(1895-1943)." holds the answer 1895. The first run of tokens within the
// range that are the answer's own, or the range as it is.
TokenRange narrowed(const PassageTokens& passage, TokenRange range, std::span<const int32_t> answer) {
  const auto length = static_cast<int32_t>(answer.size());
  if (length == 0) return range;
  for (int32_t first = range.first; first + length - 1 <= range.last; ++first) {
    if (std::equal(answer.begin(), answer.end(), passage.ids.begin() + first))
      return {first, first + length - 1};
  }
  return range;
}

// The questions of one passage, first to end, and the windows made of them.
struct PassageJob {
  size_t first = 0, end = 0;
  std::vector<QuestionWindow> windows;
};

class WindowMaker {
 public:
  WindowMaker(const QuestionFile& file, const Tokenizer& tokenizer, const SquadOptions& options,
              WindowPurpose purpose)
      : file_(file), tokenizer_(tokenizer), options_(options), purpose_(purpose) {}

  // Takes the next passage that has questions.
  bool claim(PassageJob& job) {
    const std::vector<Question>& questions = file_.questions;
    job.first = job.end = next_question_;
    while (job.end < questions.size() && questions[job.end].passage == questions[job.first].passage)
      ++job.end;
    next_question_ = job.end;
    return job.first < job.end;
  }

  void make(PassageJob& job) const {
    job.windows.clear();
    const PassageTokens passage = tokenize(file_.passage_of(file_.questions[job.first]), tokenizer_);
    for (size_t question = job.first; question < job.end; ++question)
      add_windows(passage, question, job.windows);
  }

 private:
  void add_windows(const PassageTokens& passage, size_t index, std::vector<QuestionWindow>& windows) const {
    const Question& question = file_.questions[index];
    std::vector<int32_t> query = tokenizer_.encode(question.text);
    query.resize(std::min(query.size(), static_cast<size_t>(options_.max_query_length)));
    const int32_t room = options_.max_sequence_length - static_cast<int32_t>(query.size()) - 3;
    const auto spans = window_spans(static_cast<int32_t>(passage.ids.size()), room, options_.doc_stride);
    const std::vector<int32_t> best_window = max_context_windows(spans);
    const std::optional<TokenRange> answer = answer_tokens(passage, question);
    for (size_t i = 0; i < spans.size(); ++i) {
      QuestionWindow window = window_of(passage, query, spans[i]);
      window.question = index;
      window.index = static_cast<int32_t>(i);
      for (int32_t offset = 0; offset < spans[i].length; ++offset) {
        const int32_t best = best_window[static_cast<size_t>(spans[i].start + offset)];
        window.is_max_context.push_back(best == static_cast<int32_t>(i));
      }
      if (answer) set_labels(window, *answer, spans[i]);
      windows.push_back(std::move(window));
    }
  }

  QuestionWindow window_of(const PassageTokens& passage, std::span<const int32_t> query,
                           WindowSpan span) const {
    const Vocabulary& vocabulary = tokenizer_.vocabulary();
    QuestionWindow window;
    std::vector<int32_t>& tokens = window.sequence.tokens;
    tokens.reserve(query.size() + static_cast<size_t>(span.length) + 3);
    tokens.push_back(vocabulary.classify_id());
    tokens.insert(tokens.end(), query.begin(), query.end());
    tokens.push_back(vocabulary.separator_id());
    window.sequence.second_begins = static_cast<int32_t>(tokens.size());
    const auto first = passage.ids.begin() + span.start;
    tokens.insert(tokens.end(), first, first + span.length);
    tokens.push_back(vocabulary.separator_id());
    const auto first_word = passage.words.begin() + span.start;
    window.words.assign(first_word, first_word + span.length);
    return window;
  }

  std::optional<TokenRange> answer_tokens(const PassageTokens& passage, const Question& question) const {
    if (purpose_ == WindowPurpose::prediction || !question.answer_words) return std::nullopt;
    return narrowed(passage, tokens_of_words(passage, *question.answer_words),
                    tokenizer_.encode(question.answers.front().text));
  }

  static void set_labels(QuestionWindow& window, TokenRange answer, WindowSpan span) {
    if (answer.first < span.start || answer.last > span.start + span.length - 1) return;
    window.start_label = answer.first - span.start + window.sequence.second_begins;
    window.end_label = answer.last - span.start + window.sequence.second_begins;
  }

  const QuestionFile& file_;
  const Tokenizer& tokenizer_;
  const SquadOptions& options_;
  WindowPurpose purpose_;
  size_t next_question_ = 0;
};

}  // namespace

std::vector<QuestionWindow> make_question_windows(const QuestionFile& file, const Tokenizer& tokenizer,
                                                  const SquadOptions& options, WindowPurpose purpose,
                                                  int threads) {
  validate(options);
  WindowMaker maker(file, tokenizer, options, purpose);
  OrderedPipeline<PassageJob> jobs(
      threads, 4 * static_cast<size_t>(std::max(1, threads)),
      [&maker](PassageJob& job) { return maker.claim(job); }, [&maker](PassageJob& job) { maker.make(job); });
  std::vector<QuestionWindow> windows;
  for (PassageJob job; jobs.next(job);) {
    for (QuestionWindow& window : job.windows) {
      window.unique_id = first_unique_id + static_cast<int64_t>(windows.size());
      windows.push_back(std::move(window));
    }
  }
  return windows;
}

}  // namespace cloze
