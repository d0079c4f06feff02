import { existsSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { BotenstoffError } from "#src/message/error-code.ts";
import { openFileKeyring } from "#src/seal/keyring/file-keyring.ts";
import { readMasterKey, refuseOpenKey } from "#src/seal/keyring/master-key.ts";
import { failed, ok, warn, type Finding, type Situation } from "./finding.ts";

const CHECK = "master key";

/** Whether the master key is there, closed, random, elsewhere than the data, and the one the keyring was made with. */
export function examineKey({ settings }: Pick<Situation, "settings">): Finding[] {
  const { masterKeyFile: file, dataDir } = settings;
  const keyring = join(dataDir, "keyring");
  try {
    refuseOpenKey(file);
    const masterKey = readMasterKey(file);
    // Opening makes a keyring where there is none.
    if (existsSync(join(keyring, "named", "check.key"))) openFileKeyring({ directory: keyring, masterKey });
  } catch (error) {
    if (error instanceof BotenstoffError) return [failed(CHECK, error)];
    return [warn(CHECK, "the keyring cannot be read", "Run this as root or as the user of the service.")];
  }
  if (file !== undefined && resolve(file).startsWith(resolve(dataDir) + sep)) {
    return [
      warn(CHECK, "it lies in the data directory", "Keep it elsewhere: who takes the one must not have the other."),
    ];
  }
  return [ok(CHECK, "closed, random, and the keyring's")];
}
