# shellcheck shell=bash disable=SC2034,SC2154  # variables of gpu_run.sh, and for it
# Of gpu_run.sh: where tools and libraries of CUDA are on this machine.

# Profilers are often installed but not in the path; the toolkit's folder starts those that lie elsewhere.
add_tools_to_path() {
  [[ ! -d /usr/local/cuda/bin ]] || PATH="$PATH:/usr/local/cuda/bin"
  export PATH
}

# Folders of what PyTorch's wheels bring, a line each; nothing without them.
wheel_folders() {
  python3 - <<'END' 2>/dev/null || true
import nvidia, pathlib
for base in nvidia.__path__:
    for folder in sorted({str(file.parent) for file in pathlib.Path(base).rglob("lib*.so.*")}):
        print(folder)
END
}

# find_cloze_libraries: sets cloze_libraries, for the loader, and library_files, the libraries themselves. PyTorch's first, so that
# both sides of a comparison run the same version; those that only the loader knows are left to it.
find_cloze_libraries() {
  local folders name folder
  folders="$(wheel_folders)"$'\n'"$(printf '%s\n' /usr/local/cuda/lib64 /usr/local/cuda/targets/*/lib)"
  cloze_libraries="" library_files=()
  for name in libcublasLt.so.13 libcudnn.so.9 libcupti.so.13 libnccl.so.2; do
    while read -r folder; do
      [[ -n "$folder" && -e "$folder/$name" ]] || continue
      library_files+=("$folder/$name")
      [[ ":$cloze_libraries:" == *":$folder:"* ]] || cloze_libraries+="${cloze_libraries:+:}$folder"
      break
    done <<<"$folders"
  done
  cloze_libraries+="${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

# cloze_program PATH: a program that starts the one in PATH with its libraries; PyTorch beside it is not to see them.
cloze_program() {
  local wrapper="$raw/bin/${1##*/}"
  mkdir -p "$raw/bin"
  printf '#!/bin/sh\nexport LD_LIBRARY_PATH=%q\nexec %q "$@"\n' "$cloze_libraries" "$1" >"$wrapper"
  chmod +x "$wrapper"
  echo "$wrapper"
}
