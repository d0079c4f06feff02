const LOCAL = /^([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[^/?#]+)?$/;

/**
 * "Patient/123" of a reference to a resource of this server: relative or below one of its own base URLs, of any version.
 * Undefined for anything else: what lies elsewhere is not what was sent here.
 */
export function localPath(reference: string, baseUrls: readonly string[]): string | undefined {
  const base = baseUrls.find((url) => reference.startsWith(`${url}/`));
  return LOCAL.exec(base === undefined ? reference : reference.slice(base.length + 1))?.[1];
}
