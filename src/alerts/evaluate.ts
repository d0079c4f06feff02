import type { AlertRule, Day } from "./file.ts";
import { millis } from "./file.ts";

/** One value of one metric. */
export interface Sample {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A rule that holds for one set of labels. */
export interface Firing {
  readonly rule: AlertRule;
  /** Canonical: `channel=a,stage=chart`; empty for what has no labels. */
  readonly subject: string;
  readonly value: number;
}

interface Seen {
  readonly at: number;
  readonly value: number;
}

/** Remembers between rounds since when a rule holds, and what counters were. */
export class Evaluation {
  readonly #since = new Map<string, number>();
  readonly #history = new Map<string, Seen[]>();
  readonly #begun: number;

  /** @param now ms; counters that appear later began at zero after it */
  constructor(now: number) {
    this.#begun = now;
  }

  /** What fires at `now` (ms): every rule with every set of labels it holds for, long enough and in its hours. */
  round(rules: readonly AlertRule[], samples: readonly Sample[], timezone: string, now: number): Firing[] {
    const holding = new Set<string>();
    const firing: Firing[] = [];
    for (const rule of rules) {
      if (rule.hours && !within(rule.hours, timezone, now)) continue;
      const matching = samples.filter((one) => one.metric === rule.metric && matches(one, rule.where));
      for (const sample of matching.length === 0 ? silent(rule) : matching) {
        const subject = subjectOf(sample.labels);
        const key = `${rule.id} ${subject}`;
        const value =
          rule.over === undefined ? sample.value : this.#increase(key, sample.value, millis(rule.over), now);
        if (!holds(rule, value)) continue;
        holding.add(key);
        const since = this.#since.get(key) ?? now;
        this.#since.set(key, since);
        if (now - since >= millis(rule.for)) firing.push({ rule, subject, value });
      }
    }
    for (const key of this.#since.keys()) if (!holding.has(key)) this.#since.delete(key);
    return firing;
  }

  /** How much a counter has grown within `overMs`; one that was not there before began at zero. */
  #increase(key: string, value: number, overMs: number, now: number): number {
    const known = this.#history.get(key) ?? (now > this.#begun ? [{ at: this.#begun, value: 0 }] : []);
    const last = known.at(-1);
    // A counter that fell belongs to an engine that was started anew.
    const kept = last && value < last.value ? [{ at: now, value: 0 }] : known;
    const history = [...kept, { at: now, value }];
    const first = history.findLastIndex(({ at }) => at <= now - overMs);
    const recent = history.slice(Math.max(0, first));
    this.#history.set(key, recent);
    return value - (recent[0]?.value ?? value);
  }
}

/** A counter begins with its first event: where too few are the alert, none at all is one. */
function silent({ metric, below, over }: AlertRule): Sample[] {
  return below !== undefined && over !== undefined ? [{ metric, labels: {}, value: 0 }] : [];
}

function holds({ above, below }: AlertRule, value: number): boolean {
  return above !== undefined ? value > above : below !== undefined && value < below;
}

function matches({ labels }: Sample, where: AlertRule["where"]): boolean {
  return Object.entries(where ?? {}).every(([name, value]) => labels[name] === value);
}

function subjectOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}

function within({ days, from, to }: NonNullable<AlertRule["hours"]>, timeZone: string, now: number): boolean {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(now);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  const time = `${part("hour")}:${part("minute")}`;
  return days.includes(part("weekday").toLowerCase() as Day) && time >= from && time < to;
}
