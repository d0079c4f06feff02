import { createPrivateKey } from "node:crypto";
import { existsSync } from "node:fs";
import { interpolate, type Environment } from "#src/channel/interpolate.ts";
import { settlePlaceholders } from "#src/channel/placeholder.ts";
import { formatProblem, readOrProblem, type Problem } from "#src/channel/problem.ts";
import { readYaml } from "#src/channel/yaml.ts";
import { toIssues, type Issue } from "#src/channel/zod-issues.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { JOURNAL_CLASSES } from "#src/audit/journal-class.ts";
import { accessFile, NO_FILE, type AccessSettings } from "./settings.ts";

interface LoadOptions {
  readonly file: string;
  readonly env: Environment;
  /** Names without a value: a problem (default), or something that fits, so that lint works without secrets. */
  readonly unresolved?: "error" | "placeholder";
  /** Ids of the channels there are; absent: a role may be limited to any. */
  readonly channels?: readonly string[];
}

interface Loaded {
  readonly settings: AccessSettings;
  readonly problems: readonly Problem[];
}

/** Reads who may sign in and as what. Without a file nobody signs in; one with problems gives nothing at all. */
export async function loadAccess({ file, env, unresolved = "error", channels }: LoadOptions): Promise<Loaded> {
  if (!existsSync(file)) return { settings: NO_FILE, problems: [] };
  const text = await readOrProblem(file);
  if (typeof text !== "string") return { settings: NO_FILE, problems: [text] };
  const yaml = readYaml(file, text);
  if ("problems" in yaml) return { settings: NO_FILE, problems: yaml.problems };
  const { document, position } = yaml;
  const open = interpolate(document, env);
  const checked = await settlePlaceholders(document, open, env, (value) => Promise.resolve(check(value)));
  const unset =
    unresolved === "placeholder" ? [] : open.map(({ path, reason }) => ({ path, message: reason, ...UNSET }));
  const keys = unresolved === "error" && open.length === 0 ? unusableKeys(checked.settings) : [];
  const issues: Advised[] = [...unset, ...checked.issues, ...keys, ...unknownChannels(checked.settings, channels)];
  const problems = issues.map(({ path, message, atKey, remedy = remedyOf(path, atKey) }) => ({
    file,
    ...position(path, atKey),
    path: path.join("."),
    message,
    ...(remedy !== undefined && { remedy }),
  }));
  return { settings: checked.settings ?? NO_FILE, problems };
}

/** @throws BotenstoffError CONFIG_INVALID with the first problem: an engine that reads half of who may do what is worse than none */
export async function readAccess(options: LoadOptions): Promise<AccessSettings> {
  const { settings, problems } = await loadAccess(options);
  const [problem] = problems;
  const more = problems.length > 1 ? `, and ${problems.length - 1} more: \`botenstoff access lint\`` : "";
  if (problem) throw new BotenstoffError("CONFIG_INVALID", `reading who may sign in: ${formatProblem(problem)}${more}`);
  return settings;
}

function check(value: unknown): { issues: Issue[]; settings?: AccessSettings } {
  const parsed = accessFile.safeParse(value ?? {});
  if (!parsed.success) return { issues: parsed.error.issues.flatMap((issue) => toIssues(issue, [], value)) };
  const { providers, sessions, journal } = parsed.data;
  const issues: Issue[] = [];
  providers.forEach(({ id, roles }, index) => {
    if (providers.findIndex((other) => other.id === id) < index)
      issues.push({ path: ["providers", index, "id"], message: `Another provider is named "${id}"` });
    roles.forEach(({ value: group, role }, place) => {
      const first = roles.findIndex((other) => other.value === group && other.role === role);
      if (first < place)
        issues.push({ path: ["providers", index, "roles", place], message: `This group has the role ${role} already` });
    });
  });
  if (sessions.idle > sessions.absolute)
    issues.push({ path: ["sessions", "idle"], message: "Longer than absolute: it would never end a session" });
  for (const one of JOURNAL_CLASSES)
    if ((journal.names_kept_of[one] ?? 0) > journal.names_kept)
      issues.push({ path: ["journal", "names_kept_of", one], message: "Longer than names_kept, which holds for all" });
  return { issues, settings: parsed.data };
}

/** Keys that OpenSSL does not read, or of another kind than `algorithm` says: found now, not when the first person signs in. */
function unusableKeys(settings: AccessSettings | undefined): Advised[] {
  return (settings?.providers ?? []).flatMap(({ private_key: pem, algorithm }, index) => {
    const wrong = pem === undefined ? undefined : whyNotKey(pem, algorithm);
    return wrong === undefined ? [] : [{ path: ["providers", index, "private_key"], ...wrong }];
  });
}

function whyNotKey(pem: string, algorithm: string): { message: string; remedy: string } | undefined {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPrivateKey(pem);
    const kind = { ES256: "prime256v1", ES384: "secp384r1", RS256: "rsa", PS256: "rsa" }[algorithm];
    if (kind === (type === "ec" ? details?.namedCurve : type)) return undefined;
    return {
      message: `Not a key for ${algorithm}`,
      remedy: "Name the key's own algorithm: ES256, ES384, RS256, PS256.",
    };
  } catch {
    return {
      message: "Not a private key in PEM",
      remedy: "Make one: `openssl ecparam -name prime256v1 -genkey -noout`.",
    };
  }
}

function unknownChannels(settings: AccessSettings | undefined, known: readonly string[] | undefined): Advised[] {
  if (!known) return [];
  const remedy = known.length === 0 ? "There is no channel here." : `Channels here: ${[...known].sort().join(", ")}.`;
  return (settings?.providers ?? []).flatMap(({ roles }, provider) =>
    roles.flatMap(({ channels = [] }, role) =>
      channels.flatMap((channel, index) =>
        known.includes(channel)
          ? []
          : [{ path: ["providers", provider, "roles", role, "channels", index], message: "No such channel", remedy }],
      ),
    ),
  );
}

interface Advised extends Issue {
  readonly remedy?: string;
}

const UNSET = { remedy: "Set it in the engine's environment, or name a file: ${file:/run/secrets/name}." };

/** What to do where the message does not say it. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/issuer$|public_url$/, "Secrets and sessions travel there."],
  [/client_secret$/, "A secret, or a key for private_key_jwt; not both, and one of them."],
  [/\.id$/, "Each provider has an id of its own; `token` and `break-glass` are taken."],
  [/idle$|absolute$|max_age$|names_kept/, "Write PT15M for 15 minutes, PT10H for ten hours, P1095D for three years."],
  [/scope$/, "`openid profile`, and what else the provider asks for."],
  [/roles$/, "Without a role nobody is let in: name a group and a role."],
];

function remedyOf(path: Issue["path"], atKey: boolean | undefined): string | undefined {
  if (atKey === true) return "docs/access.md and config/access.schema.json say what there is.";
  const text = path.join(".");
  return REMEDIES.find(([pattern]) => pattern.test(text))?.[1];
}
