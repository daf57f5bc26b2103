#include "engine/data/sample/sample_documents.h"

#include <utility>

namespace cloze {
namespace {

const Thing& draw_thing(const SampleWorld& world, bool restricted, Draws& draws) {
  const auto count = static_cast<uint32_t>(world.things.size());
  if (!restricted) return world.things[draws.below(count)];
  const uint32_t drawn = draws.below(count - 1);
  return world.things[drawn + (drawn >= static_cast<uint32_t>(world.never.thing) ? 1 : 0)];
}

WordId draw_container(const Thing& thing, Draws& draws) {
  int32_t left = static_cast<int32_t>(draws.below(100));
  for (const ContainerChance& chance : thing.containers) {
    if ((left -= chance.percent) < 0) return chance.word;
  }
  return thing.containers.back().word;
}

const SentenceForm& draw_form(const SampleWorld& world, Draws& draws) {
  int32_t left = static_cast<int32_t>(draws.below(100));
  for (const SentenceForm& form : world.forms) {
    if ((left -= form.percent) < 0) return form;
  }
  return world.forms.back();
}

SampleSentence make_sentence(const SampleWorld& world, const SampleDocument& document, Draws& draws) {
  const SentenceForm& form = draw_form(world, draws);
  const Thing& thing = draw_thing(world, is_restricted(world, document.place, document.people), draws);
  const WordId container = draw_container(thing, draws);
  const Place& place = world.places[static_cast<size_t>(document.place)];
  const auto person = [&](size_t which) { return world.people[static_cast<size_t>(document.people[which])]; };

  SampleSentence sentence;
  for (const Slot& slot : form.slots) {
    switch (slot.kind) {
      case SlotKind::literal:
        sentence.push_back(slot.index);
        break;
      case SlotKind::person:
        sentence.push_back(person(0));
        break;
      case SlotKind::other_person:
        sentence.push_back(person(1));
        break;
      case SlotKind::place:
        sentence.push_back(place.word);
        break;
      case SlotKind::sight:
        sentence.push_back(draws.one_of(place.sights));
        break;
      case SlotKind::thing:
        sentence.push_back(thing.word);
        break;
      case SlotKind::container:
        sentence.push_back(container);
        break;
      case SlotKind::choice:
        sentence.push_back(draws.one_of(world.choices[static_cast<size_t>(slot.index)]));
        break;
    }
  }
  return sentence;
}

}  // namespace

bool is_restricted(const SampleWorld& world, int32_t place, const std::array<int32_t, 2>& people) {
  return place == world.never.place && (people[0] == world.never.person || people[1] == world.never.person);
}

SampleDocument make_document(const SampleWorld& world, uint64_t seed, DrawPurpose purpose, uint64_t index) {
  Draws draws(seed, purpose, index);
  SampleDocument document;
  document.place = static_cast<int32_t>(draws.below(static_cast<uint32_t>(world.places.size())));
  const auto people = static_cast<uint32_t>(world.people.size());
  const uint32_t one = draws.below(people);
  const uint32_t other = draws.below(people - 1);
  document.people = {static_cast<int32_t>(one), static_cast<int32_t>(other + (other >= one ? 1 : 0))};
  const uint32_t count = fewest_sentences + draws.below(most_sentences - fewest_sentences + 1);
  for (uint32_t i = 0; i < count; ++i) document.sentences.push_back(make_sentence(world, document, draws));
  return document;
}

std::vector<SampleDocument> make_documents(const SampleWorld& world, uint64_t seed, DrawPurpose purpose,
                                           int64_t sentences) {
  std::vector<SampleDocument> documents;
  for (int64_t made = 0; made < sentences;) {
    documents.push_back(make_document(world, seed, purpose, documents.size()));
    made += static_cast<int64_t>(documents.back().sentences.size());
  }
  return documents;
}

std::string render(const SampleWorld& world, const SampleSentence& sentence) {
  const auto upper = [](char letter) {
    return static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 32 : letter);
  };
  std::string text;
  for (const WordId id : sentence) {
    const std::string& word = world.words[static_cast<size_t>(id)];
    if (!text.empty() && word != ".") text += ' ';
    const size_t begin = text.size();
    text += word;
    // English writes the first word and the days of the week with a capital.
    if (begin == 0 || word.ends_with("day")) text[begin] = upper(text[begin]);
  }
  return text;
}

}  // namespace cloze
