import { useEffect, useState } from "preact/hooks";
import type { Answer } from "../api.ts";
import { recognise } from "../session.ts";
import { words } from "../words/index.ts";

/** By the house's identity provider; with a token where there is none, or in an emergency. */
export function SignIn() {
  const { signIn, product } = words.value;
  const [providers, setProviders] = useState<Answer<"listProviders">["items"]>();
  const [refused, setRefused] = useState(false);
  useEffect(() => {
    void fetch("/auth/providers", { cache: "no-store" })
      .then((response) => response.json() as Promise<Answer<"listProviders">>)
      .then(({ items }) => setProviders(items))
      .catch(() => setProviders([]));
  }, []);
  if (!providers) return <main />;
  const back = encodeURIComponent(location.pathname + location.search);
  return (
    <main class="sign-in">
      <h1>{product}</h1>
      {providers.map(({ id, title }) => (
        <p key={id}>
          <a href={`/auth/login?provider=${id}&return=${back}`}>{signIn.with(title)}</a>
        </p>
      ))}
      {providers.length === 0 && <p class="muted">{signIn.none}</p>}
      <details class="card" open={providers.length === 0}>
        <summary>{signIn.byToken}</summary>
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            const token = (new FormData(event.currentTarget).get("token") as string).trim();
            void recognise(token).then((known) => setRefused(!known));
          }}
        >
          <p class="muted">{signIn.why}</p>
          <label>
            {signIn.token}
            <input name="token" type="password" autocomplete="off" required />
          </label>
          {refused && (
            <p class="stop" role="alert">
              {signIn.refused}
            </p>
          )}
          <button class="main">{signIn.go}</button>
        </form>
      </details>
    </main>
  );
}
