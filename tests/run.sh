#!/usr/bin/env bash
# Builds and runs every test, and checks the formatting. The last line says how many passed and failed.
# Usage: tests/run.sh      (CLOZE_TEST_JOBS: how many tests at a time, default all cores)
set -euo pipefail
cd "$(dirname "$0")/.."
jobs="${CLOZE_TEST_JOBS:-$(nproc)}"
log_folder=build/test-logs
mkdir -p "$log_folder"
report="$log_folder/ctest.xml"
rm -f "$report"

third_party/install_packages.sh --tests
cmake --preset release -DCLOZE_TESTS=ON
cmake --build build/release --parallel "$jobs"

# The counts come from ctest's report, the verdict from its exit code as well.
verdict=0
ctest --preset release --parallel "$jobs" --no-tests=error --output-junit "$PWD/$report" || verdict=$?
[[ -s "$report" ]] || { echo "tests/run.sh: ctest left no report: nothing can be said of the tests" >&2; exit 1; }
attribute() { grep -o -m1 "[[:space:]]$1=\"[0-9]*\"" "$report" | head -n 1 | tr -dc '0-9'; }
total="$(attribute tests)" failed="$(attribute failures)"
skipped=$(($(attribute skipped) + $(attribute disabled)))
if ((verdict != 0 && failed == 0)); then  # a program that could not be started is reported as skipped
  failed=$((skipped > 0 ? skipped : 1)) skipped=0
fi
passed=$((total - failed - skipped))

# Formatting counts as one more test.
sources=()
while IFS= read -r -d '' file; do
  [[ -e "$file" ]] && sources+=("$file")
done < <(git ls-files -z -- '*.h' '*.cpp' '*.cu' '*.cuh')
if ((${#sources[@]})) && clang-format --dry-run --Werror "${sources[@]}"; then
  passed=$((passed + 1))
else
  echo "tests/run.sh: clang-format disagrees with the files above; run: clang-format -i FILE" >&2
  failed=$((failed + 1))
fi

if ((skipped)); then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
((failed == 0))
