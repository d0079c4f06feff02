#!/bin/sh
# The restore of docs/install.md: database and blobs are the backup's; keyring and ledger stay those of today.
set -e
systemctl stop botenstoff
find /var/lib/botenstoff -mindepth 1 -maxdepth 1 ! -name keyring ! -name ledger -exec rm -r {} +
tar -C /var/lib/botenstoff -xpf /var/backups/botenstoff.tar
rm /var/backups/botenstoff.tar
runuser -u botenstoff -- botenstoff purge --replay-ledger
systemctl start botenstoff
