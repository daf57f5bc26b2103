#include "engine/text/abbreviations.h"

#include <algorithm>
#include <span>

namespace cloze {
namespace {

// Each list in byte order, for binary search.
constexpr std::string_view goes_on[] = {
    "Adm",  "Amb",     "Assoc",  "Asst", "Atty",   "Brig", "Brig.Gen", "Capt", "Cf",     "Ch",
    "Cllr", "Cmdr",    "Col",    "Cpl",  "Dept",   "Dir",  "Dr",       "Eq",   "Eqs",    "Fig",
    "Figs", "Fr",      "Ft",     "Gen",  "Gov",    "Hon",  "Insp",     "Lt",   "Lt.Col", "Lt.Gen",
    "Maj",  "Maj.Gen", "Messrs", "Mgr",  "Mlle",   "Mme",  "Mr",       "Mrs",  "Ms",     "Msgr",
    "Mt",   "Mx",      "Nos",    "Op",   "Ph",     "Pp",   "Pres",     "Prof", "Pvt",    "Rep",
    "Rev",  "Sec",     "Sect",   "Sen",  "Sgt",    "St",   "Ste",      "Supt", "Treas",  "Univ",
    "Ven",  "Vol",     "Vols",   "Vs",   "approx", "ca",   "cf",       "ch",   "e.g",    "ed",
    "eds",  "eg",      "eq",     "esp",  "excl",   "fig",  "figs",     "fl",   "i.e",    "ie",
    "incl", "née",     "pp",     "resp", "trans",  "viz",  "vol",      "vols", "vs"};

constexpr std::string_view before_number[] = {
    "Art", "Arts", "Bk",   "Chap", "Cor",  "Deut", "Eph", "Ex",  "Ezek", "Gal", "Heb", "Isa",
    "Jas", "Jer",  "Josh", "Lev",  "Matt", "No",   "Num", "Pl",  "Pt",   "Rom", "art", "bk",
    "c",   "chap", "no",   "nos",  "p",    "pl",   "pt",  "sec", "st",   "v",   "ver", "vv"};

constexpr std::string_view may_end[] = {
    "Ala",  "Apr",  "Apt",  "Ariz", "Ark",  "Aug",  "Ave",   "B.Sc", "Bldg", "Blvd", "Bros", "Calif", "Co",
    "Colo", "Conn", "Corp", "Dec",  "Esq",  "Feb",  "Fla",   "Fri",  "Hwy",  "Inc",  "Intl", "Jan",   "Jr",
    "Jul",  "Jun",  "Kan",  "Ky",   "LL.D", "LLC",  "Ln",    "Ltd",  "M.Sc", "Mass", "Mfg",  "Mich",  "Minn",
    "Mont", "Natl", "Neb",  "Nev",  "Nov",  "Oct",  "Okla",  "Ore",  "Penn", "Ph.D", "Plc",  "Rd",    "Sep",
    "Sept", "Sr",   "Tenn", "Tex",  "Thu",  "Thur", "Thurs", "Tue",  "Tues", "Vt",   "Wis",  "Wyo",   "al",
    "avg",  "cm",   "est",  "etc",  "ft",   "kg",   "km",    "lb",   "lbs",  "mm",   "oz",   "temp"};

constexpr std::string_view sentence_starters[] = {
    "A",     "After",     "All",          "Although", "An",      "And",         "Another",   "As",
    "At",    "Because",   "Before",       "Both",     "But",     "By",          "During",    "Each",
    "Early", "Following", "For",          "From",     "Further", "Furthermore", "Has",       "Have",
    "He",    "Her",       "Here",         "His",      "How",     "However",     "I",         "If",
    "In",    "Instead",   "It",           "Its",      "Later",   "Many",        "Meanwhile", "Moreover",
    "Most",  "My",        "Nevertheless", "No",       "Not",     "Now",         "On",        "Once",
    "One",   "Only",      "Or",           "Other",    "Our",     "Over",        "She",       "Since",
    "So",    "Some",      "Soon",         "Such",     "That",    "The",         "Their",     "Then",
    "There", "Therefore", "These",        "They",     "This",    "Those",       "Though",    "Through",
    "Thus",  "To",        "Today",        "Two",      "Under",   "Unlike",      "Until",     "Upon",
    "We",    "Well",      "What",         "When",     "Where",   "Which",       "While",     "Who",
    "Why",   "With",      "Within",       "Without",  "Yet",     "You",         "Your"};

static_assert(std::ranges::is_sorted(goes_on) && std::ranges::is_sorted(before_number));
static_assert(std::ranges::is_sorted(may_end) && std::ranges::is_sorted(sentence_starters));

bool contains(std::span<const std::string_view> list, std::string_view word) {
  return std::binary_search(list.begin(), list.end(), word);
}

// "U.S", "a.k.a", "n.w": single letters between full stops.
bool is_dotted_letters(std::string_view word) {
  if (word.size() < 3 || word.size() % 2 == 0) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const char lower = static_cast<char>(word[i] | 0x20);
    if (i % 2 == 0 ? lower < 'a' || lower > 'z' : word[i] != '.') return false;
  }
  return true;
}

}  // namespace

AbbreviationKind abbreviation_kind(std::string_view word) {
  if (contains(goes_on, word)) return AbbreviationKind::goes_on;
  if (contains(before_number, word)) return AbbreviationKind::before_number;
  if (contains(may_end, word) || is_dotted_letters(word)) return AbbreviationKind::may_end;
  return AbbreviationKind::none;
}

bool is_sentence_starter(std::string_view word) {
  return contains(sentence_starters, word);
}

}  // namespace cloze
