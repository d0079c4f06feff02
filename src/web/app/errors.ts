import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { at, type Answer } from "./api.ts";
import { send } from "./ask.ts";
import { language } from "./words/index.ts";

type Told = Pick<Answer<"listErrors">["items"][number], "meaning" | "remedy">;

/** The closed list, by language, once somebody needed it. */
const lists = signal<Readonly<Record<string, ReadonlyMap<string, Told>>>>({});

/** Has the closed list at hand in the page's language; until it came, codes stand for themselves. */
export function useErrorTexts(): void {
  const asked = language.value;
  useEffect(() => {
    if (lists.value[asked]) return;
    void send("GET", at("listErrors", "/errors", { language: asked })).then(
      ({ items }) => (lists.value = { ...lists.value, [asked]: new Map(items.map((one) => [one.code, one])) }),
      () => undefined,
    );
  }, [asked]);
}

/** What a code means, and what to do; undefined for what is no code. */
export function toldOf(code: string): Told | undefined {
  return lists.value[language.value]?.get(code);
}
