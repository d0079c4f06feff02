import { session } from "../session.ts";
import { words } from "../words/index.ts";

const MARK = "#do=";

/** Leads to the identity provider for a fresh proof of who it is, and back to what was about to be done. */
export function Prove({ doing }: { readonly doing: string }) {
  const { prove } = words.value;
  const provider = session.value?.provider ?? "";
  if (provider === "break-glass") return <p>{prove.breakGlass}</p>;
  const back = `${location.pathname}${location.search}${MARK}${doing}`;
  const query = new URLSearchParams({ provider, step_up: "true", return: back });
  return (
    <p>
      {prove.why}{" "}
      <a class="main" href={`/auth/login?${query.toString()}`}>
        {prove.go}
      </a>
    </p>
  );
}

/** Whether the person has come back to this; asked once. */
export function cameBackTo(doing: string): boolean {
  if (location.hash !== `${MARK}${doing}`) return false;
  history.replaceState(null, "", location.pathname + location.search);
  return true;
}
