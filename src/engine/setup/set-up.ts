import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { examine } from "../checkup/examine.ts";
import type { Finding } from "../checkup/finding.ts";
import { page } from "../checkup/report.ts";
import { engineVersion } from "../commands/version.ts";
import { answerAll, standingAnswers, type Ask } from "./answers.ts";
import { environmentOf } from "./environment-file.ts";
import { takeStep, type Owner, type Step } from "./files.ts";
import { planFiles } from "./plan.ts";
import { LATER, QUESTIONS, type Answers } from "./questions.ts";

const PROTOCOL = "setup-protocol.txt";
/** The Debian package makes it. */
const SERVICE = "botenstoff";

export interface SetupWish {
  /** Absolute. */
  readonly folder: string;
  /** From an answers file. */
  readonly given: Answers;
  /** Absent: nobody is asked. */
  readonly ask?: Ask;
  /** Asked before anything that stands is changed; absent: it was asked for. */
  agree?(question: string): Promise<boolean>;
  readonly dryRun: boolean;
  readonly renewTls: boolean;
  /** The environment of the command, without what steers an engine. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly say: (line: string) => void;
}

/**
 * Lays out a folder with everything an engine needs, then looks at it as the doctor does. What is there stays, but for
 * what was said otherwise; what is changed is kept beside it as `.old`.
 * @returns 0 when nothing is wrong but what was left for later
 */
export async function setUp(wish: SetupWish): Promise<0 | 1> {
  const { folder, given, say, dryRun } = wish;
  const standing = standingAnswers(folder, environmentOf(folder));
  const answers = await answerAll(given, standing, folder, wish.ask);
  const asked = wish.ask ? differing(answers, standing) : given;
  const steps = planFiles(folder, { answers, given: asked, now: new Date(wish.now()), renewTls: wish.renewTls });
  const doing = steps.filter(({ outcome }) => outcome !== "kept");
  for (const step of steps) if (step.outcome !== "kept" || step.detail !== undefined) say(describe(step, dryRun));
  if (doing.length === 0) say("nothing to be made or changed");
  if (dryRun) return 0;
  if (doing.length > 0 && wish.agree && !(await wish.agree("Do this?"))) return 1;
  const owner = serviceOwner();
  for (const step of doing) takeStep(step, owner);

  const env = { ...wish.env, ...environmentOf(folder) };
  const findings = await examine(env, wish.now);
  const later = QUESTIONS.filter(({ name }) => answers[name] === LATER);
  const lines = page(findings, { version: await engineVersion(), at: new Date(wish.now()) });
  for (const line of [
    "",
    ...lines,
    "",
    ...next(
      folder,
      later.map(({ name }) => name),
    ),
  ])
    say(line);
  if (doing.length > 0) writeProtocol(folder, [...doing.map((step) => describe(step, false)), "", ...lines]);
  return findings.every((finding) => isFine(finding, later)) ? 0 : 1;
}

/** What a person has said otherwise than it stands. */
function differing(answers: Answers, standing: Answers): Answers {
  return Object.fromEntries(Object.entries(answers).filter(([name, answer]) => standing[name] !== answer));
}

function describe({ path, outcome, detail }: Step, dryRun: boolean): string {
  const word = dryRun && outcome !== "kept" ? `would be ${outcome}` : outcome;
  const kept = outcome === "changed" && !dryRun ? " (before: .old beside it)" : "";
  return `${word.padEnd(dryRun ? 17 : 8)} ${path}${detail === undefined || detail === "" ? "" : `: ${detail}`}${kept}`;
}

/** What is wrong only because somebody left it for later. */
function isFine({ verdict, text }: Finding, later: typeof QUESTIONS): boolean {
  return verdict !== "fail" || later.some(({ variable }) => variable !== undefined && text.includes(variable));
}

function next(folder: string, later: readonly string[]): string[] {
  const start =
    folder === "/etc/botenstoff"
      ? "systemctl enable --now botenstoff"
      : `set -a; . ${folder}/environment; . ${folder}/secrets/environment; set +a; botenstoff serve`;
  return [
    ...(later.length > 0 ? [`Left for later: ${later.join(", ")}. Run setup again when you know them.`] : []),
    `Start: ${start}`,
    `Look:  botenstoff doctor --folder ${folder}`,
  ];
}

function writeProtocol(folder: string, lines: readonly string[]): void {
  appendFileSync(join(folder, PROTOCOL), `${lines.join("\n")}\n\n`, { mode: 0o644 });
}

/** The user of the service, where root sets it up. */
function serviceOwner(): Owner | undefined {
  if (process.getuid?.() !== 0 || !existsSync("/etc/passwd")) return undefined;
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  const [, , uid, gid] = users.map((line) => line.split(":")).find(([name]) => name === SERVICE) ?? [];
  return uid !== undefined && gid !== undefined ? { uid: Number(uid), gid: Number(gid) } : undefined;
}
