import { z } from "zod";
import { BotenstoffError } from "#src/message/error-code.ts";
import { Secret } from "#src/message/secret.ts";

/** Which proxies to take for which hosts. Addresses may carry a user and a password. */
export interface Proxy {
  readonly http?: Secret;
  readonly https?: Secret;
  /** Hosts asked directly, as in NO_PROXY: "kis.hospital, .internal, 10.1.2.3:8443". */
  readonly direct: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The member `proxy` of a connector. */
export function proxyMember(byDefault: "environment" | "off") {
  const address = z
    .url({ protocol: /^https?$/ })
    .transform((url) => new Secret(url))
    .describe("address of the proxy, with user and password where it asks for them");
  return z
    .union([z.enum(["environment", "off"]), z.literal("").transform(() => byDefault), address])
    .default(byDefault)
    .describe("HTTP proxy: what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say (environment), none (off), or an address");
}

export type ProxyChoice = z.output<ReturnType<typeof proxyMember>>;

/** The proxies of the environment; undefined where it names none. Lower-case names win, as in curl. */
export function proxyOfEnvironment(env: Environment): Proxy | undefined {
  const said = (name: string) => env[name.toLowerCase()] ?? env[name] ?? "";
  const [http, https] = [said("HTTP_PROXY"), said("HTTPS_PROXY")];
  if (http === "" && https === "") return undefined;
  return {
    ...(http !== "" && { http: new Secret(addressOf("HTTP_PROXY", http)) }),
    ...(https !== "" && { https: new Secret(addressOf("HTTPS_PROXY", https)) }),
    direct: said("NO_PROXY"),
  };
}

/** Often written without "http://". @throws BotenstoffError CONFIG_INVALID naming the variable, never its value */
function addressOf(variable: string, said: string): string {
  const url = URL.parse(/^[a-z]+:\/\//i.test(said) ? said : `http://${said}`);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.href;
  throw new BotenstoffError("CONFIG_INVALID", `reading ${variable}: not the address of an HTTP proxy`);
}

/** The proxies a connector takes. */
export function chosenProxy(choice: ProxyChoice, environment: Proxy | undefined): Proxy | undefined {
  if (choice === "off") return undefined;
  if (choice === "environment") return environment;
  return { http: choice, https: choice, direct: "" };
}
