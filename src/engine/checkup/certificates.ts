import { member } from "#src/channel/zod-issues.ts";
import type { Channel } from "#src/channel/channel.ts";
import { TlsFiles, type TlsPaths } from "#src/wire/tls/tls-files.ts";
import { fail, failed, note, ok, warn, type Finding, type Situation } from "./finding.ts";

const CHECK = "certificates";
const DAY_MS = 86_400_000;
/** As the alert `certificate` has it. */
const SOON_DAYS = 14;

/** Every certificate file that is named: readable, with its key, and valid for some time to come. */
export function examineCertificates(
  channels: readonly Channel[],
  { settings, now }: Pick<Situation, "settings" | "now">,
): Finding[] {
  const named: [string, TlsPaths][] = settings.tls ? [["the HTTP server", settings.tls]] : [];
  for (const { id, sourceConfig, destinations } of channels) {
    named.push(...pathsIn(`${id} source`, sourceConfig));
    for (const destination of destinations) named.push(...pathsIn(`${id} ${destination.id}`, destination.config));
  }
  const findings = named.flatMap(([name, paths]) => examineOne(name, paths, now()));
  return findings.length > 0 ? findings : [note(CHECK, "no file is named")];
}

function examineOne(name: string, paths: TlsPaths, now: number): Finding[] {
  let files: TlsFiles;
  try {
    files = new TlsFiles(paths, () => undefined);
  } catch (error) {
    return [failed(CHECK, error)];
  }
  return files.current().certificates.map(({ role, notAfter }) => {
    const days = Math.floor((notAfter.getTime() - now) / DAY_MS);
    const text = `${name}, ${role}: ${days < 0 ? "ended" : "valid"} until ${notAfter.toISOString().slice(0, 10)}`;
    if (days < 0) return fail(CHECK, text, "Renew it; the file is read again by itself.");
    return days < SOON_DAYS ? warn(CHECK, text, "Renew it; the file is read again by itself.") : ok(CHECK, text);
  });
}

function pathsIn(name: string, config: unknown): [string, TlsPaths][] {
  const tls = member(config, "tls");
  const path = (key: string) => {
    const value = member(tls, key);
    return typeof value === "string" ? { [key]: value } : {};
  };
  const paths: TlsPaths = { ...path("cert"), ...path("key"), ...path("ca"), ...path("crl") };
  return Object.keys(paths).length === 0 ? [] : [[name, paths]];
}
