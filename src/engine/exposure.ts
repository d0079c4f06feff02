import { BotenstoffError } from "#src/message/error-code.ts";
import { isLoopback } from "#src/message/loopback.ts";
import { refuseOpenKey } from "#src/seal/keyring/master-key.ts";
import { listenersOf } from "./listeners.ts";
import type { Settings } from "./settings.ts";

/** `openssl rand -hex 10`, and what is left of its entropy by the count of its characters. */
const TOKEN_LENGTH = 20;
const TOKEN_BITS = 50;

/**
 * Refuses what would let strangers in: plain HTTP off this machine without a word why, a token that can be
 * guessed, a master key that everybody may read.
 * @throws BotenstoffError CONFIG_INVALID
 */
export function refuseExposure(settings: Settings): void {
  const { tls, apiToken, masterKeyFile } = settings;
  refuseOpenKey(masterKeyFile);
  for (const { host, insecure, variable } of listenersOf(settings)) {
    if (isLoopback(host) || tls || insecure !== undefined) continue;
    throw new BotenstoffError(
      "CONFIG_INVALID",
      `reading ${variable}_HOST: plain HTTP off this machine; set BOTENSTOFF_TLS_CERT_FILE and BOTENSTOFF_TLS_KEY_FILE, or say in ${variable}_INSECURE why not`,
    );
  }
  const token = apiToken?.reveal();
  if (token !== undefined && (token.length < TOKEN_LENGTH || bitsOf(token) < TOKEN_BITS)) {
    throw new BotenstoffError(
      "CONFIG_INVALID",
      "reading BOTENSTOFF_API_TOKEN: too easy to guess; make one: `openssl rand -hex 24`",
    );
  }
}

/** Shannon's entropy of its bytes, for the whole of it. An estimate: a word list knows better. */
function bitsOf(text: string): number {
  const bytes = Buffer.from(text);
  const counts = Map.groupBy(bytes, (byte) => byte);
  return [...counts.values()].reduce((bits, { length }) => bits - length * Math.log2(length / bytes.length), 0);
}
