import { arch, platform, release } from "node:os";
import type { Finding, Verdict } from "./finding.ts";

const WORDS: Readonly<Record<Verdict, string>> = { fail: "WRONG", warn: "soon", note: "note", ok: "ok" };
const WORST_FIRST: readonly Verdict[] = ["fail", "warn", "note"];

/** Where and when it was looked. */
export interface Heading {
  readonly version: string;
  readonly at: Date;
}

const machine = () => ({ node: process.version, system: `${platform()} ${arch()} ${release()}` });

/** One page: what is wrong and what to do first, then what is right, a line for each kind. */
export function page(findings: readonly Finding[], { version, at }: Heading): string[] {
  const { node, system } = machine();
  const counts = WORST_FIRST.slice(0, 2).map((verdict) => findings.filter((one) => one.verdict === verdict).length);
  return [
    `Botenstoff ${version}, Node ${node}, ${system}, ${at.toISOString()}`,
    `${counts[0] ?? 0} wrong, ${counts[1] ?? 0} soon. No secrets and nothing personal stand here.`,
    "",
    ...WORST_FIRST.flatMap((verdict) => findings.filter((one) => one.verdict === verdict).flatMap(lines)),
    ...right(findings),
  ];
}

/** The same for programs. */
export function json(findings: readonly Finding[], { version, at }: Heading): string {
  return JSON.stringify({ ok: isSound(findings), at: at.toISOString(), version, ...machine(), findings });
}

/** Whether nobody has to act now. */
export function isSound(findings: readonly Finding[]): boolean {
  return findings.every(({ verdict }) => verdict !== "fail");
}

/** One finding on one line, and on the next what to do. */
export function lines({ check, verdict, text, remedy }: Finding): string[] {
  const head = `${WORDS[verdict].padEnd(5)}  ${check.padEnd(12)}  `;
  return [`${head}${text}`, ...(remedy === undefined ? [] : [`${" ".repeat(head.length)}do: ${remedy}`])];
}

function right(findings: readonly Finding[]): string[] {
  const groups = Map.groupBy(
    findings.filter(({ verdict }) => verdict === "ok"),
    ({ check }) => check,
  );
  return [...groups].flatMap(([check, found]) =>
    lines({ check, verdict: "ok", text: found.map(({ text }) => text).join("; ") }),
  );
}
