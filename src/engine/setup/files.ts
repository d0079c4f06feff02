import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";

/** Who may read what the service alone needs. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

type Rank = "open" | "secret" | "data";

/** Something setup makes, changes or leaves. */
export interface Step {
  readonly path: string;
  readonly outcome: "made" | "changed" | "closed" | "kept";
  /** What of it changes; names, no values. */
  readonly detail?: string;
  /** Absent: a folder, or a file whose content stays. */
  readonly content?: string;
  readonly folder?: true;
  readonly rank: Rank;
}

const OPEN_TO_OTHERS = 0o007;

/** A folder that has to be there; one that is stays as it is, but for being open to others where it must not. */
export function folderStep(path: string, rank: Rank): Step {
  return { path, folder: true, rank, outcome: existsSync(path) ? keptOrClosed(path, rank) : "made" };
}

/**
 * A file with this content.
 * @param wanted given what it says now; absent: whatever is there stays
 * @param detail what of it changes, in case
 */
export function fileStep(path: string, rank: Rank, wanted: string | (() => string), detail?: string): Step {
  if (!existsSync(path)) {
    return { path, rank, outcome: "made", content: typeof wanted === "string" ? wanted : wanted() };
  }
  if (typeof wanted !== "string" || readFileSync(path, "utf8") === wanted) {
    return { path, rank, outcome: keptOrClosed(path, rank) };
  }
  return { path, rank, outcome: "changed", content: wanted, ...(detail !== undefined && { detail }) };
}

function keptOrClosed(path: string, rank: Rank): "kept" | "closed" {
  return rank !== "open" && (statSync(path).mode & OPEN_TO_OTHERS) !== 0 ? "closed" : "kept";
}

/** Does one step. What is changed stays beside it as `.old`. */
export function takeStep({ path, outcome, content, folder, rank }: Step, owner: Owner | undefined): void {
  if (outcome === "kept") return;
  const mode = modeOf(rank, folder === true, owner !== undefined);
  if (outcome === "made" && folder) mkdirSync(path, { recursive: true, mode });
  if (content !== undefined) {
    if (outcome === "changed") copyFileSync(path, `${path}.old`);
    writeWhole(path, content, mode, owner && ownerOf(rank, owner));
    return;
  }
  chmodSync(path, mode);
  if (owner) chownSync(path, ...ownerOf(rank, owner));
}

/** Complete under its name or not there at all, and closed from the first byte on. */
function writeWhole(path: string, content: string, mode: number, owner: readonly [number, number] | undefined): void {
  const beside = `${path}.new`;
  const handle = openSync(beside, "w", 0o600);
  try {
    writeSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  if (owner) chownSync(beside, ...owner);
  chmodSync(beside, mode);
  renameSync(beside, path);
}

/** Secrets belong to root, and the service's group may read them; without root they are the user's own. */
function modeOf(rank: Rank, folder: boolean, shared: boolean): number {
  if (rank === "open") return folder ? 0o755 : 0o644;
  if (rank === "data" || !shared) return folder ? 0o700 : 0o600;
  return folder ? 0o750 : 0o640;
}

function ownerOf(rank: Rank, { uid, gid }: Owner): [number, number] {
  if (rank === "data") return [uid, gid];
  return [0, rank === "secret" ? gid : 0];
}
