#!/bin/sh
# The restore of docs/install.md: database and blobs are the backup's; keyring and ledger stay those of today.
set -e
systemctl stop botenstoff
rm -rf /var/lib/botenstoff/postgres /var/lib/botenstoff/blobs
cp -a --reflink=auto /var/backups/botenstoff/. /var/lib/botenstoff/
rm -rf /var/backups/botenstoff
runuser -u botenstoff -- botenstoff purge --replay-ledger
systemctl start botenstoff
