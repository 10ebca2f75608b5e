#!/bin/bash
# Makes the Debian package from what cargo has built: target/deb/postseal_VERSION_ARCH.deb. `make deb` calls it.
#
#   deploy/debian/build.sh [VERSION]      VERSION: another one than Cargo.toml's, to test an upgrade; in target/deb/other
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
version=${1:-$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$root/Cargo.toml")}
folder=$root/target/deb${1:+/other}
work=$folder/postseal-$version

rm -rf "$work" "$folder"/*.deb && mkdir -p "$work"/{debian/source,bin,man,examples/postfix,examples/sendmail}
cp "$root"/deploy/debian/{control,rules,copyright,preinst,postinst,prerm,postrm,postseal.*} "$work/debian/"
mv "$work/debian/postseal.toml" "$work/"
for unit in service socket; do cp "$root/deploy/systemd/postseal.$unit" "$work/debian/"; done
for conf in sysusers tmpfiles; do cp "$root/deploy/systemd/$conf.conf" "$work/debian/postseal.$conf"; done
echo '3.0 (native)' >"$work/debian/source/format"
cat >"$work/debian/changelog" <<END
postseal ($version) unstable; urgency=medium

  * See /usr/share/doc/postseal/changelog.gz.

 -- The postseal authors <postseal@localhost>  $(date -R --date="@${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}")
END
cp "$root/target/release/postseal" "$work/bin/"
cp "$root"/target/man/* "$work/man/"
cp "$root"/{README.md,CHANGELOG.md} "$work/"
(cd "$root" && deploy/container/notices.py "$(rustc -vV | sed -n 's/^host: //p')") >"$work/THIRD-PARTY-NOTICES"
cp "$root/deploy/postseal.toml" "$work/examples/"
cp -r "$root"/deploy/{postfix,sendmail} "$work/examples/"

cd "$work"
DEB_BUILD_OPTIONS="noautodbgsym ${DEB_BUILD_OPTIONS:-}" dpkg-buildpackage --build=binary --no-sign --jobs=1 >"$folder/build.log" 2>&1 ||
  { tail -20 "$folder/build.log" >&2; exit 1; }
rm -rf "$work"
ls "$folder/postseal_${version}_$(dpkg --print-architecture).deb"
