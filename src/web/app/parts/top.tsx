import { lostSince } from "../live.ts";
import { change, hrefOf, place } from "../router.ts";
import { may, session, signOut } from "../session.ts";
import { now, span } from "../time.ts";
import { helpOpen } from "../keys.ts";
import { language, LANGUAGES, words, type Words } from "../words/index.ts";

interface Props {
  readonly pages: readonly { readonly pattern: string; readonly name: keyof Words["nav"] }[];
  readonly current: keyof Words["nav"] | undefined;
}

const TONGUES = { de: "Deutsch", en: "English" } as const;

export function Top({ pages, current }: Props) {
  const { product, nav, live, theme, themes, density, densities, view, signOut: out, keys, keysOff } = words.value;
  const { query } = place.value;
  const lost = lostSince.value;
  return (
    <header class="top">
      <a class="brand" href={hrefOf("/console")}>
        {product}
      </a>
      <nav aria-label={nav.main}>
        {pages.map(({ pattern, name }) => (
          <a key={pattern} href={hrefOf(pattern)} aria-current={name === current ? "page" : undefined}>
            {nav[name]}
          </a>
        ))}
      </nav>
      <div class="side">
        <span role="status">
          {!may("messages.read") ? null : lost === undefined ? (
            <span class="muted">● {live.on}</span>
          ) : (
            <span class="stop">✕ {live.lost(span(now.value - lost))}</span>
          )}
        </span>
        <details class="view">
          <summary>{view}</summary>
          <div class="panel form">
            <label>
              {TONGUES[language.value]}
              <select
                value={language.value}
                onChange={(event) => change({ lang: event.currentTarget.value }, { replace: true })}
              >
                {LANGUAGES.map((one) => (
                  <option key={one} value={one} lang={one}>
                    {TONGUES[one]}
                  </option>
                ))}
              </select>
            </label>
            <label>
              {theme}
              <select
                value={query.get("theme") ?? ""}
                onChange={(event) => change({ theme: event.currentTarget.value }, { replace: true })}
              >
                <option value="">{themes.system}</option>
                <option value="light">{themes.light}</option>
                <option value="dark">{themes.dark}</option>
              </select>
            </label>
            <label>
              {density}
              <select
                value={query.get("density") ?? ""}
                onChange={(event) => change({ density: event.currentTarget.value }, { replace: true })}
              >
                <option value="">{densities.dense}</option>
                <option value="roomy">{densities.roomy}</option>
              </select>
            </label>
            <label class="check">
              <input
                type="checkbox"
                checked={query.get("keys") === "off"}
                onChange={(event) =>
                  change({ keys: event.currentTarget.checked ? "off" : undefined }, { replace: true })
                }
              />{" "}
              {keysOff}
            </label>
          </div>
        </details>
        <button class="link" onClick={() => (helpOpen.value = true)}>
          {keys} <kbd>?</kbd>
        </button>
        <span class="muted">{session.value?.name ?? ""}</span>
        <button class="link" onClick={() => void signOut()}>
          {out}
        </button>
      </div>
    </header>
  );
}
