#!/bin/sh
# Every file of this machine but what systems write by themselves, and what dpkg keeps of any package.
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp -o -path /var/log \
  -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/systemd -o -path /var/backups \
  -o -path /steps -o -path /packages -o -path /before \) -prune -o -print | grep -v -e '^/etc/\(passwd\|group\|shadow\|gshadow\|subuid\|subgid\)-\?$'
