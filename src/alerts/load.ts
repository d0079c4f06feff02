import { interpolate, type Environment } from "#src/channel/interpolate.ts";
import { readOrProblem, type Problem } from "#src/channel/problem.ts";
import { readYaml } from "#src/channel/yaml.ts";
import { toIssues } from "#src/channel/zod-issues.ts";
import { plainHttp } from "#src/wire/http/plain.ts";
import { alertsFile, type AlertsFile } from "./file.ts";

export type LoadedAlerts = { readonly alerts: AlertsFile } | { readonly problems: readonly Problem[] };

/**
 * Reads config/alerts.yaml.
 * @param unresolved what an unresolved `${…}` is: an error to serve, nothing to lint
 */
export async function loadAlerts(
  file: string,
  env: Environment,
  unresolved: "error" | "placeholder",
): Promise<LoadedAlerts> {
  const text = await readOrProblem(file);
  if (typeof text !== "string") return { problems: [text] };
  const yaml = readYaml(file, text);
  if ("problems" in yaml) return yaml;
  const missing = interpolate(yaml.document, env);
  const at = (path: readonly (string | number)[], message: string, atKey = false): Problem => ({
    file,
    ...yaml.position(path, atKey),
    path: path.join("."),
    message,
  });
  if (unresolved === "error" && missing.length > 0)
    return { problems: missing.map(({ path, reason }) => at(path, reason)) };
  const value: unknown = yaml.document.toJS();
  const parsed = alertsFile.safeParse(value);
  const blank = new Set(missing.map(({ path }) => path.join(".")));
  const issues = parsed.success
    ? [...doubles(parsed.data), ...inPlain(parsed.data)]
    : parsed.error.issues.flatMap((issue) => toIssues(issue, [], value));
  const problems = issues
    .filter(({ path }) => !blank.has(path.join(".")))
    .map(({ path, message, atKey }) => at(path, message, atKey));
  if (problems.length > 0 || !parsed.success) return { problems };
  return { alerts: parsed.data };
}

/** Of a union's members a schema's own issues would not be told. */
function inPlain({ targets }: AlertsFile) {
  return targets.flatMap((target, index) => {
    const message = "webhook" in target ? plainHttp(target.webhook.url, target.webhook.insecure) : undefined;
    return message === undefined ? [] : [{ path: ["targets", index, "webhook", "url"], message, atKey: false }];
  });
}

function doubles({ rules, targets }: AlertsFile) {
  const twice = (list: readonly { readonly id: string }[], name: string) =>
    list.flatMap(({ id }, index) =>
      list.findIndex((one) => one.id === id) < index
        ? [{ path: [name, index, "id"], message: `"${id}" is there already`, atKey: false }]
        : [],
    );
  return [...twice(rules, "rules"), ...twice(targets, "targets")];
}
