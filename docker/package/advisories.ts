/** One package of package-lock.json. */
export interface Locked {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly shipped: boolean;
  readonly hasInstallScript: boolean;
}

/** What the registry knew on a day about exactly these packages. */
export interface AdvisoryFile {
  /** 2026-11-29 */
  readonly asked: string;
  /** Each as name@version, sorted: about others it says nothing. */
  readonly covers: readonly string[];
  readonly advisories: readonly {
    readonly package: string;
    readonly severity: string;
    readonly url: string;
    /** Why it does not concern us; written by a person. */
    readonly accepted?: string;
  }[];
}

const DAYS = 90;
const DAY_MS = 86_400_000;
const SEVERE = new Set(["high", "critical"]);

/** What is wrong by the file: too old, silent about a package, or a known hole in what is shipped. */
export function faultsOf({ asked, covers, advisories }: AdvisoryFile, locked: readonly Locked[], now: Date): string[] {
  const days = Math.floor((now.getTime() - Date.parse(asked)) / DAY_MS);
  const known = new Set(covers);
  const shipped = new Set(locked.filter((one) => one.shipped).map(key));
  const silent = [...new Set(locked.map(key))].filter((one) => !known.has(one));
  const holes = advisories.filter(
    (one) => shipped.has(one.package) && SEVERE.has(one.severity) && one.accepted === undefined,
  );
  return [
    ...(days <= DAYS ? [] : [`advisories: asked ${days} days ago, at most ${DAYS} may pass`]),
    ...silent.map((one) => `advisories: never asked about ${one}`),
    ...holes.map((one) => `advisories: ${one.package}: ${one.severity}, ${one.url}`),
  ];
}

interface Audit {
  readonly vulnerabilities?: Readonly<
    Record<
      string,
      {
        readonly via: readonly (string | { readonly name: string; readonly severity: string; readonly url: string })[];
        readonly nodes: readonly string[];
      }
    >
  >;
}

/** The file, of what `npm audit --json` printed. @returns undefined where it was no answer */
export function foundBy(audit: string, locked: readonly Locked[], now: Date): AdvisoryFile | undefined {
  const { vulnerabilities } = parsed(audit);
  if (!vulnerabilities) return undefined;
  const advisories = Object.values(vulnerabilities).flatMap(({ via, nodes }) =>
    via.flatMap((cause) => {
      // A word names the package further in that is at fault; it has an entry of its own.
      if (typeof cause === "string") return [];
      const concerned = locked.filter(({ path }) => nodes.includes(path)).map(key);
      return [...new Set(concerned)].map((name) => ({ package: name, severity: cause.severity, url: cause.url }));
    }),
  );
  return { asked: now.toISOString().slice(0, 10), covers: [...new Set(locked.map(key))].sort(), advisories };
}

function key({ name, version }: Locked): string {
  return `${name}@${version}`;
}

function parsed(text: string): Audit {
  try {
    return JSON.parse(text) as Audit;
  } catch {
    return {};
  }
}
