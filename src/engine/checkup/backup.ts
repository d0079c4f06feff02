import { stat } from "node:fs/promises";
import { fail, note, ok, type Finding, type Situation } from "./finding.ts";

const CHECK = "backup";
/** As the alert `backup-overdue` has it: a nightly backup may be half a day late. */
const OVERDUE_MS = 129_600_000;

/** How old the last backup is, by the file that the backup touches when it has succeeded. */
export async function examineBackup({ settings, now }: Pick<Situation, "settings" | "now">): Promise<Finding[]> {
  const { backupMarkerFile: file } = settings;
  if (file === undefined) {
    return [note(CHECK, "not known: let it touch a file, and name that in BOTENSTOFF_BACKUP_MARKER_FILE")];
  }
  const found = await stat(file).catch(() => undefined);
  if (!found) return [fail(CHECK, "BOTENSTOFF_BACKUP_MARKER_FILE is not there", "Run the backup.")];
  const text = `the last was made at ${found.mtime.toISOString()}`;
  return now() - found.mtimeMs > OVERDUE_MS ? [fail(CHECK, text, "See why none was made since.")] : [ok(CHECK, text)];
}
