import type { LookupConfig } from "#src/channel/lookup.ts";
import type { ClientTls } from "#src/wire/mllp/connection.ts";
import { TlsFiles } from "#src/wire/tls/tls-files.ts";
import { openFhirLookup } from "#src/lookups/fhir/lookup.ts";
import type { PatientLookup } from "#src/lookups/lookup.ts";
import { openPdqLookup } from "#src/lookups/pdq/lookup.ts";
import { Secret } from "#src/message/secret.ts";

type Config<Type extends LookupConfig["type"]> = Extract<LookupConfig, { type: Type }>;

/** Opens a channel's patient look-up. @throws BotenstoffError CONFIG_INVALID when a TLS file cannot be used */
export function openLookup(config: LookupConfig): PatientLookup {
  const { country, fresh_for_secs: fresh } = config;
  const common = { country, freshForMs: fresh * 1_000 };
  if (config.type === "fhir") {
    const authorization = authorizationOf(config);
    return openFhirLookup({
      ...common,
      baseUrl: config.base_url,
      parameter: config.parameter,
      timeoutMs: config.request_timeout_secs * 1_000,
      connections: 4,
      ...(authorization && { authorization }),
    });
  }
  return openPdqLookup({
    ...common,
    host: config.host,
    port: config.port,
    connectTimeoutMs: config.connect_timeout_secs * 1_000,
    answerTimeoutMs: config.answer_timeout_secs * 1_000,
    header: [config.application, config.facility, config.receiving_application, config.receiving_facility],
    queryName: config.query_name,
    field: config.field,
    defaultAuthority: config.default_authority,
    ...(config.tls && { tls: clientTls(config.tls) }),
  });
}

function authorizationOf({ token, username, password }: Config<"fhir">): Secret | undefined {
  if (token) return new Secret(`Bearer ${token.reveal()}`);
  if (username === undefined) return undefined;
  return new Secret(`Basic ${Buffer.from(`${username}:${password?.reveal() ?? ""}`).toString("base64")}`);
}

/** Renewed files are used without a restart. */
function clientTls({ servername, ...paths }: NonNullable<Config<"pdq">["tls"]>): ClientTls {
  const files = new TlsFiles(paths, () => undefined);
  return {
    options: () => ({ secureContext: files.current().context, ...(servername !== undefined && { servername }) }),
    connected: () => undefined,
  };
}
