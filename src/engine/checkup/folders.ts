import { access, constants, stat, statfs } from "node:fs/promises";
import { join, sep } from "node:path";
import { kindOfError } from "#src/message/error-code.ts";
import { fail, note, ok, warn, type Finding, type Situation } from "./finding.ts";

const CHECK = "disk";
/** As the alert `disk` has it. */
const LITTLE_BYTES = 1_073_741_824;
const OPEN_TO_OTHERS = 0o007;

/** The data directory: whether it is there, closed, writable, and has room. */
export async function examineFolders({ settings }: Pick<Situation, "settings">): Promise<Finding[]> {
  const { dataDir, minFreeBytes } = settings;
  const found = await stat(dataDir).catch(() => undefined);
  if (!found) return [note(CHECK, "BOTENSTOFF_DATA_DIR is not there yet; the engine makes it at its first start")];
  const findings: Finding[] = [];
  if ((found.mode & OPEN_TO_OTHERS) !== 0) {
    const text = "every user of this machine may look into BOTENSTOFF_DATA_DIR";
    findings.push(warn(CHECK, text, "`chmod 0700` on it."));
  }
  const refused = await access(dataDir, constants.W_OK).then(
    () => undefined,
    (error: unknown) => kindOfError(error),
  );
  if (refused !== undefined) {
    const text = `BOTENSTOFF_DATA_DIR cannot be written (${refused})`;
    findings.push(fail(CHECK, text, "Give it to the user of the service, or run this as that user."));
  }
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const text = `${Math.round(free / 1_048_576)} MB free for data`;
  if (free < minFreeBytes) {
    findings.push(fail(CHECK, `${text}: nothing new is taken`, "Free space, or lower BOTENSTOFF_MIN_FREE_MB."));
  } else if (free < LITTLE_BYTES) findings.push(warn(CHECK, text, "Free space before nothing is taken any more."));
  else findings.push(ok(CHECK, text));
  return findings;
}

/** Files that channels name with ${file:…}, other than their examples, are secrets: nobody else may read them. */
export async function examineSecrets(
  files: readonly string[],
  { settings }: Pick<Situation, "settings">,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const known = ["/run/secrets/", join(settings.channelsDir, sep)];
  for (const file of files.filter((one) => !known.some((folder) => one.startsWith(folder)))) {
    const found = await stat(file).catch(() => undefined);
    if (found && (found.mode & OPEN_TO_OTHERS) !== 0) {
      findings.push(warn("secrets", `every user of this machine may read ${file}`, `\`chmod o= ${file}\``));
    }
  }
  return findings;
}
