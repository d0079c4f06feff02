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
      <ByBreakGlass />
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

/** For the time without an identity provider. */
function ByBreakGlass() {
  const { signIn } = words.value;
  const [refused, setRefused] = useState(false);
  const enter = async (form: FormData) => {
    const body = JSON.stringify(Object.fromEntries(["name", "password", "code"].map((name) => [name, form.get(name)])));
    const headers = { "content-type": "application/json" };
    const answer = await fetch("/auth/break-glass", { method: "POST", headers, body }).catch(() => undefined);
    setRefused(answer?.ok !== true || !(await recognise()));
  };
  return (
    <details class="card">
      <summary>{signIn.byBreakGlass}</summary>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void enter(new FormData(event.currentTarget));
        }}
      >
        <p class="muted">{signIn.breakGlassWhy}</p>
        <label>
          {signIn.name}
          <input name="name" autocomplete="off" maxLength={63} required />
        </label>
        <label>
          {signIn.password}
          <input name="password" type="password" autocomplete="off" maxLength={200} required />
        </label>
        <label>
          {signIn.totp}
          <input name="code" inputMode="numeric" autocomplete="one-time-code" maxLength={10} required />
        </label>
        {refused && (
          <p class="stop" role="alert">
            {signIn.breakGlassRefused}
          </p>
        )}
        <button class="main">{signIn.go}</button>
      </form>
    </details>
  );
}
