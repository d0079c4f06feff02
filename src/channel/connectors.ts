import { BotenstoffError } from "#src/message/error-code.ts";
import { proxyOfEnvironment, type Proxy } from "#src/wire/http/proxy.ts";
import type { Channel } from "./channel.ts";
import type { Environment } from "./interpolate.ts";

/** A connector that does not answer a check in this time does not work. */
const CHECK_TIMEOUT_MS = 10_000;

/** What came of reaching out to one connector. */
export interface ConnectorCheck {
  /** "whatsapp-to-kis source", "whatsapp-to-kis chart". */
  readonly name: string;
  readonly type: string;
  /** Why it does not work; absent where it does. No values of the channel's references stand in it. */
  readonly reason?: string;
  readonly remedy?: string;
}

/**
 * Reaches out to every source and destination at once, without leaving a trace.
 * @param listening whether an engine holds the ports of these channels, so that they cannot be tried
 */
export function checkConnectors(
  channels: readonly Channel[],
  env: Environment,
  listening = false,
): Promise<ConnectorCheck[]> {
  const proxy = proxyOfEnvironment(env);
  const connectors = channels.flatMap((channel) => connectorsOf(channel, proxy));
  return Promise.all(connectors.filter(({ listens }) => !(listens && listening)).map(checkOne));
}

interface Connector extends Pick<ConnectorCheck, "name" | "type"> {
  readonly listens: boolean;
  readonly concealed: Channel["concealed"];
  open(): { check(signal: AbortSignal): Promise<void>; close(): Promise<void> };
}

function connectorsOf(channel: Channel, environment: Proxy | undefined): Connector[] {
  const proxy = environment && { proxy: environment };
  const log = (): undefined => undefined;
  const { sourceSpec, sourceConfig, concealed } = channel;
  return [
    {
      name: `${channel.id} source`,
      type: channel.sourceType,
      listens: sourceSpec.listens,
      concealed,
      open: () => sourceSpec.open(sourceConfig, { channel: channel.id, log, count: log, gauge: log, ...proxy }),
    },
    ...channel.destinations.map(({ id, spec, config }) => ({
      name: `${channel.id} ${id}`,
      type: spec.type,
      listens: false,
      concealed,
      open: () =>
        spec.open(config, {
          channel: channel.id,
          destination: id,
          log,
          count: log,
          gauge: log,
          ...proxy,
          applyToDirectory: () => Promise.reject(new BotenstoffError("CONFIG_INVALID", "applying: not in a dry run")),
        }),
    })),
  ];
}

async function checkOne(connector: Connector): Promise<ConnectorCheck> {
  const { name, type, concealed } = connector;
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  try {
    const opened = connector.open();
    try {
      // Raced as well: a connector that ignores the signal must not hang the command.
      await Promise.race([opened.check(signal), expiry(signal)]);
    } finally {
      await opened.close();
    }
    return { name, type };
  } catch (error) {
    const reason = concealed(Error.isError(error) ? error.message : String(error));
    return { name, type, reason, ...(error instanceof BotenstoffError && { remedy: error.remedy }) };
  }
}

function expiry(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS / 1_000} s`)));
  });
}
