import { BotenstoffError } from "#src/message/error-code.ts";

/** Decides which addresses may be asked for bytes, and so may see the access token. */
export interface MediaHosts {
  /**
   * The parsed address of an attachment.
   * @throws BotenstoffError MEDIA_HOST_REFUSED when the channel does not name its host, or it is not https
   */
  pin(url: string, base?: URL): URL;
}

/**
 * The hosts of `patterns` ("host", "host:port", "*.domain") and the Graph API's own. http is let through only where the
 * Graph API itself is http, which only the simulator is.
 */
export function mediaHosts(graph: URL, patterns: readonly string[]): MediaHosts {
  const protocols = graph.protocol === "http:" ? ["http:", "https:"] : ["https:"];
  return {
    pin(address, base) {
      const url = URL.parse(address, base?.href);
      const named = url !== null && (url.host === graph.host || patterns.some((pattern) => fits(url.host, pattern)));
      if (!named || !protocols.includes(url.protocol) || url.username !== "" || url.password !== "") {
        throw new BotenstoffError(
          "MEDIA_HOST_REFUSED",
          "fetching media: its address is not on a host this channel names",
        );
      }
      return url;
    },
  };
}

/** `URL.host` carries a port only when it is not the protocol's own, so "host" never lets another port through. */
function fits(host: string, pattern: string): boolean {
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern;
}
