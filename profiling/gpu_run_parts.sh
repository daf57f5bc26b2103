# shellcheck shell=bash disable=SC2034,SC2154  # variables of gpu_run.sh, and for it
# Of gpu_run.sh: the parts. Each has its limit, and each run of it one of its own; what matters most comes first.

part_probe() {
  begin_part 90
  run machine 40 python3 "$compare/gpu_machine.py" "${library_files[@]}"
  if tool nvidia-smi; then run nvidia-smi 20 nvidia-smi; fi
  run copy-cloze 40 "${ours[@]}" "$bench" copy
  run copy-torch 60 python3 "$compare/gpu_kernels.py" copy
}

# Names of the suites of the GPU tests; none where they cannot start.
suites() {
  timeout -k 5 30 "${ours[@]}" "$tests" --gtest_list_tests 2>/dev/null | sed -nE 's/^([A-Za-z0-9_/]+)\.( .*)?$/\1/p' || true
}

# A process a suite: a fault of one kernel must not end the tests of the others. Each with its own file of chosen algorithms, or what
# one process writes would change the bits of another.
test_suite() { # NAME SECONDS SUITE FILTER TOOL...
  local name="$1" limit="$2" suite="$3" filter="$4"
  shift 4
  run "$name-${suite//\//-}" "$limit" "${ours[@]}" "XDG_CACHE_HOME=$raw/cache/$name-$suite" "$@" "$tests" "--gtest_filter=$suite.*$filter"
}

part_tests() {
  local suite names
  begin_part 120
  names="$(suites)"
  if [[ -z "$names" ]]; then
    run tests 20 "${ours[@]}" "$tests"
    return
  fi
  for suite in $names; do side_by_side test_suite tests 110 "$suite" ""; done
  side_by_side
}

part_kernels() {
  begin_part 300
  run rows-cloze 60 "${ours[@]}" "$bench" rows
  run attention-cloze 60 "${ours[@]}" "$bench" attention
  run attention-torch 60 python3 "$compare/gpu_kernels.py" attention
  run products-cloze 100 "${ours[@]}" "$bench" products
  run rows-torch 90 python3 "$compare/gpu_kernels.py" rows
  run products-torch 60 python3 "$compare/gpu_kernels.py" products
}

part_steps() {
  local limit
  begin_part 250
  limit="$(left_of_part)"
  run steps "$limit" python3 "$compare/gpu_steps.py" --cloze "$(cloze_program "$bench")" \
    --lengths "$compare/gpu_mix_lengths.txt" --budget "$((limit - 10))"
}

part_runs() {
  begin_part 80
  run runs 80 python3 "$compare/gpu_runs.py" "$(cloze_program "$cloze")"
}

part_ncu() {
  begin_part 80
  tool ncu || return 0
  # The clock as it is: it is not ours to lock. Each body of the benchmark is profiled once, after it ran twice.
  run ncu 70 "${ours[@]}" ncu --clock-control none --profile-from-start off --set detailed --force-overwrite \
    --export "$raw/kernels" "$bench" profile
  [[ -f "$raw/kernels.ncu-rep" ]] || return 0
  run ncu-text 30 ncu --import "$raw/kernels.ncu-rep" --page details --csv
  head -c 12000000 "$raw/ncu-text.out" >"$out/ncu.csv"
  if (($(stat -c %s "$raw/kernels.ncu-rep") < 15000000)); then cp "$raw/kernels.ncu-rep" "$out/"; fi
}

# Left out under the checkers: what takes seconds without them and runs no other kernels.
readonly too_long='-*FiftySteps*:*RealVocabulary*:*LongRuns*'

check_suites() { # CHECK SUITES OPTION...
  local check="$1" names="$2" suite
  shift 2
  for suite in $names; do
    side_by_side test_suite "sanitizer-$check" 60 "$suite" "$too_long" compute-sanitizer --tool "$check" --error-exitcode 1 "$@"
  done
  side_by_side
}

part_sanitizer() {
  local names own=() without_library
  begin_part 110
  tool compute-sanitizer || return 0
  names="$(suites)"
  if [[ -z "$names" ]]; then
    run sanitizer 20 "${ours[@]}" compute-sanitizer "$tests"
    return
  fi
  check_suites memcheck "$names"
  # Races of the libraries are not ours to find, and take long.
  if [[ "$(compute-sanitizer --help 2>/dev/null)" == *--kernel-name*kns* ]]; then own=(--kernel-name kns=cloze); fi
  check_suites racecheck "$names" "${own[@]}"
  # What cuBLASLt writes would count as never written if its kernels were passed over: suites without it.
  without_library="$(grep -vE 'Linear|Precision|Replay|ScaledProduct' <<<"$names" || true)"
  check_suites initcheck "$without_library"
}

part_nccl() {
  begin_part 300
  run nccl 300 "${ours[@]}" "$nccl_tests"
}

part_books() {
  local limit
  begin_part 540
  limit="$(left_of_part)"
  run books "$limit" python3 "$compare/gpu_books.py" "$(cloze_program "$cloze")" "$corpus" --seconds "$((limit - 20))"
}
