#!/bin/sh
# The backup of docs/install.md for the embedded PostgreSQL: the engine stands still for as long as the copy takes.
set -e
systemctl stop botenstoff
tar -C /var/lib/botenstoff --exclude=./keyring --exclude=./ledger -cf /var/backups/botenstoff.tar .
systemctl start botenstoff
