import { signal } from "@preact/signals";

/** Where the person is: the address is the only place that remembers filters, ranges and selections. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** What stays in the address from page to page. */
const STICKY = ["lang", "theme", "density", "keys"];

export const place = signal<Place>(read());

function read(): Place {
  return { path: location.pathname.replace(/(.)\/+$/, "$1"), query: new URLSearchParams(location.search) };
}

/** The address of another page, with what stays from page to page. */
export function hrefOf(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const next = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") next.set(name, value);
  for (const name of STICKY) {
    const value = place.value.query.get(name);
    if (value !== null && !(name in query)) next.set(name, value);
  }
  const text = next.toString();
  return text === "" ? path : `${path}?${text}`;
}

export function go(href: string, { replace = false } = {}): void {
  if (href === location.pathname + location.search) return;
  if (replace) history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  place.value = read();
  if (!replace) scrollTo(0, 0);
}

/** Changes parameters of this page's address; `undefined` takes one out. */
export function change(changed: Readonly<Record<string, string | undefined>>, options?: { replace?: boolean }): void {
  const query = Object.fromEntries(place.value.query);
  go(hrefOf(place.value.path, { ...query, ...changed }), options);
}

/** Follows links inside the pages without loading the document again. */
export function startRouter(): void {
  addEventListener("popstate", () => (place.value = read()));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link?.target !== "" || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!/^\/(console|clearing|privacy)(\/|$)/.test(link.pathname)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}

/** The values of `:names` where the path fits the pattern. */
export function match(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = given[at] ?? "";
    if (part.startsWith(":")) values[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return undefined;
  }
  return values;
}
