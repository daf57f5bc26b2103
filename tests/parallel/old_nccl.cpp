// Libraries that Cloze cannot use: one of version 2.10, one that has only its version.
#if defined(CLOZE_OLD)
constexpr int code = 21003;
#else
constexpr int code = 22809;
#endif

extern "C" int ncclGetVersion(int* version) {
  *version = code;
  return 0;
}
