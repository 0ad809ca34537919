# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What scripts/demo and scripts/test share: installing what a bare Debian 12 lacks, and building outside the source.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD_PACKAGES="autoconf automake make gcc libc6-dev pkg-config python3
	libedit-dev libmnl-dev libnftnl-dev libnetfilter-queue-dev libtelnet-dev libcap-ng-dev libcrypt-dev libssl-dev
	libsystemd-dev libpcap-dev uthash-dev check"
RUN_PACKAGES="iproute2 procps iputils-ping curl nftables"
TEST_PACKAGES="xz-utils iputils-tracepath traceroute iperf3 tcpdump tshark ethtool expect inetutils-telnet
	python3-scapy bind9-dnsutils coturn stun-client hping3 nmap
	vsftpd lftp tnftp openssl
	bind9 tftpd-hpa tftp-hpa atftp rsh-redone-client rsh-redone-server openbsd-inetd bsdutils
	sip-tester baresip-core kamailio python3-aioice"
JOBS=$(nproc)

# `ip netns` wants / to be a mount point. In a plain chroot it is none: go on in a bind mount of it, gone when we are.
if [ "$(id -u)" = 0 ] && ! mountpoint -q / && [ -z "${ALGATE_ROOTED:-}" ]; then
	mount --rbind / /mnt && mount --make-rprivate /mnt || exit 1
	trap 'umount -l /mnt' EXIT
	ALGATE_ROOTED=1 chroot /mnt "$TOP/scripts/$(basename "$0")" "$@"
	exit $?
fi

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" = 0 ] || die "needs root: it installs packages and makes network namespaces"
}

# install_packages NAME...: only what is missing. No daemon is started by its package: policy-rc.d says no (101).
install_packages() {
	local missing=() package policy=/usr/sbin/policy-rc.d made=
	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "installing: ${missing[*]}" >&2
	if [ ! -e $policy ]; then
		made=$policy
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
	fi
	{
		apt-get update -q &&
			DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
	} </dev/null >"$TEMP/apt.log" 2>&1
	local status=$?
	[ -z "$made" ] || rm -f "$made"
	[ $status = 0 ] || { tail -20 "$TEMP/apt.log" >&2; die "apt-get failed"; }
}

# copy_source DIRECTORY: the tree as it is now, without what git ignores.
copy_source() {
	mkdir -p "$1"
	[ ! "$1" -ef "$TOP" ] || return 0 # it is that
	if [ -e "$TOP/.git" ] && command -v git >/dev/null; then
		(cd "$TOP" && git -c safe.directory="$TOP" ls-files -co --exclude-standard -z |
			tar -c --null --ignore-failed-read -T - 2>/dev/null) | tar -x -C "$1"
	else
		tar -c -C "$TOP" --exclude=.git --exclude=./build --exclude='*.o' . | tar -x -C "$1"
	fi
	[ -f "$1/configure.ac" ] || die "could not copy the source"
}

# build DIRECTORY CONFIGURE-OPTION...: out of tree, from the source in $SOURCE; the log is DIRECTORY.log.
build() {
	local directory=$1
	shift
	mkdir -p "$directory"
	{
		{ [ -x "$SOURCE/configure" ] || "$SOURCE/bootstrap"; } &&
			cd "$directory" && "$SOURCE/configure" "$@" && make -j"$JOBS"
	} >"$directory.log" 2>&1 </dev/null
}
