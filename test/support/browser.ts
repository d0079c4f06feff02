/** As much of a browser as signing in needs: redirects, cookies by origin, forms. */
export class Browser {
  readonly #jar = new Map<string, Map<string, string>>();
  /** Every address visited, in order. */
  readonly visited: string[] = [];

  /** One request, redirects not followed. */
  async fetch(address: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address);
    const cookies = [...(this.#jar.get(url.origin) ?? [])].map(([name, value]) => `${name}=${value}`).join("; ");
    this.visited.push(url.href);
    const headers = new Headers(init.headers);
    if (cookies !== "") headers.set("Cookie", cookies);
    const response = await fetch(url, { redirect: "manual", ...init, headers });
    for (const line of response.headers.getSetCookie()) this.#keep(url.origin, line);
    return response;
  }

  /** Follows redirects to the page they end at, or to one that `until` names. */
  async go(address: string, init: RequestInit = {}, until?: RegExp): Promise<{ url: string; response: Response }> {
    let url = address;
    let response = await this.fetch(url, init);
    for (let hops = 0; hops < 20; hops += 1) {
      const location = response.headers.get("location");
      if (location === null) return { url, response };
      url = new URL(location, url).href;
      if (until?.test(url)) return { url, response };
      response = await this.fetch(url);
    }
    throw new Error("too many redirects");
  }

  /** Sends the page's first form, or the one whose address fits, with these fields beside its hidden ones. */
  async submit(
    page: { url: string; response: Response },
    { form = /./, fields = {}, until }: { form?: RegExp; fields?: Record<string, string>; until?: RegExp } = {},
  ) {
    const html = await page.response.text();
    const forms = [...html.matchAll(/<form[^>]*action="([^"]*)".*?<\/form>/gs)];
    const [inside = "", action] = forms.find(([, address = ""]) => form.test(address)) ?? [];
    if (action === undefined) throw new Error(`no form at ${page.url}: ${page.response.status}`);
    const hidden = [...inside.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]) => {
      const attribute = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(input)?.[1] ?? "";
      return [attribute("name"), attribute("value")] as const;
    });
    const body = new URLSearchParams({ ...Object.fromEntries(hidden), ...fields });
    return this.go(new URL(action.replaceAll("&amp;", "&"), page.url).href, { method: "POST", body }, until);
  }

  cookie(origin: string, name: string): string | undefined {
    return this.#jar.get(origin)?.get(name);
  }

  setCookie(origin: string, name: string, value: string): void {
    this.#keep(origin, `${name}=${value}`);
  }

  #keep(origin: string, line: string): void {
    const [pair = "", ...attributes] = line.split(/; */);
    const [name = "", ...rest] = pair.split("=");
    const jar = this.#jar.get(origin) ?? new Map<string, string>();
    this.#jar.set(origin, jar);
    const gone = attributes.some((attribute) => /^(max-age=0|expires=thu, 01 jan 1970)/i.test(attribute));
    if (gone) jar.delete(name);
    else jar.set(name, rest.join("="));
  }
}

/** Signs somebody in at the simulated provider, up to where the provider sends the browser back to the engine. */
export async function proveAt(browser: Browser, engine: string, login: string, query = "provider=staff") {
  const back = /\/auth\/callback\//;
  const first = await browser.go(`${engine}/auth/login?${query}`, {}, back);
  if (first.url.includes("/auth/callback/")) return first.url;
  return (await browser.submit(first, { form: new RegExp(`login=${login}$`), until: back })).url;
}

/** Signs somebody in, and goes on to the page the sign-in began for. */
export async function signIn(browser: Browser, engine: string, login: string, query?: string) {
  const back = await proveAt(browser, engine, login, query);
  return browser.go(back, {}, new RegExp(`^${engine}/(?!auth/)`));
}
