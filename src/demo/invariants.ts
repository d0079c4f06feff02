import type { Communication } from "@medplum/fhirtypes";
import type { Chart } from "#src/simulators/kis/chart.ts";
import type { KisMllp } from "#src/simulators/kis/mllp.ts";

/** What one sent message must have led to in the KIS. */
export interface Expected {
  readonly messageId: string;
  /** Patient number; absent when the message must be in nobody's chart. */
  readonly patient?: string;
  readonly texts: readonly string[];
  /** SHA-256 (hex) of the attachments. */
  readonly attachments: readonly string[];
}

/** What is wrong in the KIS, one sentence each; nothing when I1–I3 of docs/architecture.md held. */
export function faultsInKis(expected: readonly Expected[], chart: Chart, mllp: KisMllp): string[] {
  const faults = expected.flatMap((one) => [...inChart(one, chart), ...inArchive(one, mllp)]);
  const strangers = chart.all("Communication").filter(({ id }) => !expected.some((one) => one.messageId === id));
  return [...faults, ...strangers.map(({ id }) => `${id}: the chart holds a message nobody sent`)];
}

function inChart({ messageId, patient, texts, attachments }: Expected, chart: Chart): string[] {
  const found = chart.read(`Communication/${messageId}`) as Communication | undefined;
  if (patient === undefined) return found ? [`${messageId}: in the chart without a patient being known (I3)`] : [];
  if (!found) return [`${messageId}: not in the chart (I1)`];
  const said = (found.payload ?? []).flatMap(({ contentString }) => contentString ?? []);
  return [
    ...(found.subject?.identifier?.value === patient ? [] : [`${messageId}: in the wrong chart (I3)`]),
    ...(said.join("\n") === texts.join("\n") ? [] : [`${messageId}: its text differs (I1)`]),
    ...((found.payload ?? []).filter((one) => one.contentReference).length === attachments.length
      ? []
      : [`${messageId}: attachments are missing (I1)`]),
  ];
}

/** What was typed: what the engine tells stands in square brackets. */
function saidIn(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !/^\[.*\]$/.test(line));
}

function inArchive({ messageId, patient, texts, attachments }: Expected, mllp: KisMllp): string[] {
  const found = [...mllp.documents.values()].filter((document) => document.patient === patient);
  const same = found.filter(
    (document) =>
      saidIn(document.text).join("\n") === texts.join("\n") && document.attachments.join() === attachments.join(),
  );
  if (patient === undefined) return [];
  const changed = same.some((document) => document.changed);
  return [
    ...(same.length === 1 ? [] : [`${messageId}: ${same.length} documents in the archive instead of one (I1, I2)`]),
    ...(changed ? [`${messageId}: was sent again with other bytes (I2)`] : []),
  ];
}
