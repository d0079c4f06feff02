import { useEffect, useState } from "preact/hooks";
import { at, type Answer } from "../api.ts";
import { useAsk } from "../ask.ts";
import { check, type Verdict } from "../certificate.ts";
import { changed } from "../live.ts";
import { words } from "../words/index.ts";
import { Empty, Loading, Problem, Time } from "./small.tsx";

type Purge = Answer<"listPurges">["items"][number];
type Key = Answer<"listSigningKeys">["items"][number];

export function PurgeList({ limit }: { readonly limit: number }) {
  const { data, refusal, again } = useAsk(at("listPurges", "/purges", { limit }), changed.purges.value);
  const keys = useAsk(at("listSigningKeys", "/keys"));
  const { purges, field } = words.value;
  if (refusal) return <Problem of={refusal} again={again} />;
  if (!data) return <Loading />;
  if (data.items.length === 0) return <Empty>{purges.empty}</Empty>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={purges.title}>
      <table>
        <thead>
          <tr>
            <th>{field.time}</th>
            <th>{field.epoch}</th>
            <th class="number">{field.destroyed}</th>
            <th class="number">{field.survivors}</th>
            <th>{field.certificate}</th>
            <th>{words.value.message.json}</th>
          </tr>
        </thead>
        <tbody>
          {data.items.map((purge) => (
            <Row key={purge.id} purge={purge} keys={keys.data?.items} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const SHAPES = { good: ["●", "good"], bad: ["✕", "stop"], unknownKey: ["▲", "wait"], unable: ["▲", "wait"] } as const;

function Row({ purge, keys }: { readonly purge: Purge; readonly keys: readonly Key[] | undefined }) {
  const { purges } = words.value;
  const [checked, setChecked] = useState<{ verdict: Verdict; key: string }>();
  useEffect(() => {
    if (keys) void check(purge, keys).then(setChecked);
  }, [purge, keys]);
  const [shape, role] = checked ? SHAPES[checked.verdict] : ["◔", "muted"];
  const told = !checked
    ? purges.checking
    : checked.verdict === "good"
      ? purges.good(checked.key.slice(0, 8))
      : purges[checked.verdict];
  return (
    <tr data-row tabIndex={-1}>
      <th scope="row">
        <Time at={purge.at} />
      </th>
      <td>
        <Time at={new Date(purge.epoch * 1_000).toISOString()} />
      </td>
      <td class="number">{purge.destroyed}</td>
      <td class="number">{purge.survivors}</td>
      <td>
        <span class={role} data-verdict={checked?.verdict}>
          <span aria-hidden="true">{shape}</span> {told}
        </span>
      </td>
      <td class="wrap">
        <details>
          <summary>{words.value.show}</summary>
          <pre tabIndex={0} role="region" aria-label={words.value.field.certificate}>
            {JSON.stringify({ certificate: purge.certificate, signature: purge.signature }, null, 2)}
          </pre>
        </details>
      </td>
    </tr>
  );
}
