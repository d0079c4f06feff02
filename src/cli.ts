#!/usr/bin/env -S node --max-old-space-size=1024 --max-semi-space-size=16 --no-parallel-scavenge
import { COMMANDS } from "#src/engine/commands/index.ts";
import { runCommand } from "#src/engine/commands/run.ts";
import { resolveForSites } from "#src/engine/site-modules.ts";

resolveForSites();
process.exitCode = await runCommand(COMMANDS, process.argv.slice(2));
