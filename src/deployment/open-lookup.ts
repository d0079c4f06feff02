import type { LookupConfig } from "#src/channel/lookup.ts";
import { openFhirLookup } from "#src/lookups/fhir/lookup.ts";
import type { PatientLookup } from "#src/lookups/lookup.ts";
import { openPdqLookup } from "#src/lookups/pdq/lookup.ts";
import { authorizationOf } from "#src/wire/fhir/authorization.ts";
import { chosenProxy, type Proxy } from "#src/wire/http/proxy.ts";
import { openTls, type TlsContext } from "#src/wire/tls/client-tls.ts";

interface LookupContext extends TlsContext {
  /** What the environment says of proxies. */
  readonly proxy?: Proxy;
}

/** Opens a channel's patient look-up. @throws BotenstoffError CONFIG_INVALID when a TLS file cannot be used */
export function openLookup(config: LookupConfig, context: LookupContext): PatientLookup {
  const tls = config.tls && openTls(config.tls, context);
  const lookup = connect(config, { ...(tls && { tls: tls.client }) }, context.proxy);
  return {
    ...lookup,
    close: async () => {
      tls?.close();
      await lookup.close();
    },
  };
}

function connect(
  config: LookupConfig,
  tls: Pick<Parameters<typeof openPdqLookup>[0], "tls">,
  environment: Proxy | undefined,
): PatientLookup {
  const { country, fresh_for_secs: fresh } = config;
  const common = { country, freshForMs: fresh * 1_000, ...tls };
  if (config.type === "fhir") {
    const authorization = authorizationOf(config);
    const proxy = chosenProxy(config.proxy, environment);
    return openFhirLookup({
      ...common,
      baseUrl: config.base_url,
      parameter: config.parameter,
      encounters: config.encounters,
      timeoutMs: config.request_timeout_secs * 1_000,
      connections: 4,
      ...(authorization && { authorization }),
      ...(proxy && { proxy }),
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
  });
}
