#!/bin/sh
# Builds the program in /src, for this machine's architecture or for $1, and lays out
#   /out/ptp-archiver   the program
#   /out/root           the native image: the program, its libraries, CA certificates, time zones
#   /out/data           its two folders that are written to
# The same sources and packages give the same bytes.
set -eu
arch=${1:-$(dpkg --print-architecture)}
case $arch in
amd64) triplet=x86_64-linux-gnu ;;
arm64) triplet=aarch64-linux-gnu ;;
*)
	echo "docker/build.sh: no rule for the architecture $arch" >&2
	exit 1
	;;
esac
cross=
[ "$arch" = "$(dpkg --print-architecture)" ] || cross="--cross-file docker/$arch.ini"

cd /src
export CFLAGS="-ffile-prefix-map=/src=."
export LDFLAGS="-Wl,--as-needed"
# shellcheck disable=SC2086 # $cross is none or two words
meson setup /build $cross --prefix=/usr --buildtype=release -Dsim=false \
	-Dtests=disabled -Dextras=false --strip >/build.log || { cat /build.log; exit 1; }
ninja -C /build
DESTDIR=/out/root meson install -C /build --no-rebuild --tags runtime >/dev/null
cp /out/root/usr/bin/ptp-archiver /out/

# libraries_of FILE: the names that it says it needs
libraries_of() {
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

# copy_libraries FILE: what it needs, and what those need
copy_libraries() {
	for name in $(libraries_of "$1"); do
		[ ! -e "/out/root/usr/lib/$triplet/$name" ] || continue
		for folder in "/usr/lib/$triplet" "/lib/$triplet"; do
			[ ! -e "$folder/$name" ] || break
		done
		cp -L "$folder/$name" "/out/root/usr/lib/$triplet/$name"
		copy_libraries "/out/root/usr/lib/$triplet/$name"
	done
}

mkdir -p "/out/root/usr/lib/$triplet"
copy_libraries /out/ptp-archiver
loader=$(readelf -l /out/ptp-archiver | sed -n 's/.*program interpreter: \(.*\)]/\1/p')
mkdir -p "/out/root${loader%/*}"
rm -f "/out/root/usr/lib/$triplet/${loader##*/}"
cp -L "/lib/$triplet/${loader##*/}" "/out/root$loader"

mkdir -p /out/root/etc/ssl /out/root/usr/share
cp -a /etc/ssl/certs /out/root/etc/ssl/
cp -a /usr/share/ca-certificates /out/root/usr/share/
cp -a /usr/share/zoneinfo /out/root/usr/share/
cd /out/root/usr/share/zoneinfo
rm -rf posix right localtime posixrules leap* tzdata.zi ./*.tab ./*.list
cd /out/root
echo 'hosts: files dns' >etc/nsswitch.conf
printf 'root:x:0:0::/:/none\nptp:x:1000:1000::/app:/none\n' >etc/passwd
printf 'root:x:0:\nptp:x:1000:\n' >etc/group

# Any user may be given with --user, and a volume takes the permissions that it finds here.
mkdir -p /out/data/app /out/data/watch
chmod 777 /out/data/app /out/data/watch

find /out -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
