#!/bin/sh
# Removed: no process, no unit, no file but data and secrets. $1 lists what was there before the package.
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -y -o Dpkg::Options::=--force-unsafe-io purge botenstoff
test -f /etc/botenstoff/secrets/master.key
test -d /var/lib/botenstoff/keyring
if find /proc -maxdepth 1 -user botenstoff 2>/dev/null | grep .; then echo "processes are left"; exit 1; fi
if systemctl cat botenstoff >/dev/null 2>&1; then echo "the unit is left"; exit 1; fi
/steps/files.sh | grep -v -e '^/etc/botenstoff' -e '^/var/lib/botenstoff' | sort >/tmp/after
sort "$1" | comm -13 - /tmp/after >/tmp/left
rm /tmp/after
if [ -s /tmp/left ]; then echo "left behind:"; cat /tmp/left; exit 1; fi
rm /tmp/left
find /etc/botenstoff -type f ! -path '/etc/botenstoff/secrets/*' | grep . && exit 1
exit 0
