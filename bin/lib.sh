# Sourced by the scripts beside it: messages, and Debian packages on request.

say() { printf '>> %s\n' "$*"; }
fail() { printf '!! %s\n' "$*" >&2; exit 1; }

# as_root COMMAND...  runs it as root, or returns 1 when that is not possible here.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    sudo "$@"
  else
    return 1
  fi
}

# debian_install PACKAGE...  returns 1, after saying what to install by hand, when it cannot.
debian_install() {
  say "Installing Debian packages: $*"
  # A list that cannot be refreshed, of some other source perhaps, need not stop the install.
  if command -v apt-get >/dev/null 2>&1 &&
    { as_root apt-get update -qq || true; } &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; then
    return 0
  fi
  printf '!! These packages could not be installed from here. As root, run:\n' >&2
  printf '!!   apt-get update && apt-get install -y --no-install-recommends %s\n' "$*" >&2
  return 1
}

# has_letter_font  whether the Chinese font is here that letters and certificates carry (PDF).
has_letter_font() {
  compgen -G "/usr/share/fonts/*/NotoSerifCJK-Regular.*" >/dev/null ||
    compgen -G "/usr/share/fonts/*/*/NotoSerifCJK-Regular.*" >/dev/null
}
