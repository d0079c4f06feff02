import { words } from "../words/index.ts";

/** How grave an alert is: a shape and a word before a colour. */
export function Severity({ of }: { readonly of: string }) {
  const grave = of === "critical";
  return (
    <span class={grave ? "stop" : "wait"}>
      <span aria-hidden="true">{grave ? "■" : "▲"}</span> {words.value.alerts.severity[of] ?? of}
    </span>
  );
}
