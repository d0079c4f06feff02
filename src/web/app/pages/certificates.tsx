import { at, type Answer } from "../api.ts";
import { useAsk } from "../ask.ts";
import { now, span } from "../time.ts";
import { words } from "../words/index.ts";
import { Empty, Loading, Problem, Time, Title } from "../parts/small.tsx";

type Certificate = Answer<"listCertificates">["items"][number];

const EVERY_MS = 60_000;
const DAY_MS = 86_400_000;
/** Hospitals need weeks to get a certificate signed. */
const SOON_MS = 30 * DAY_MS;
const NOW_MS = 7 * DAY_MS;

export function CertificatesPage() {
  const { data, refusal, again } = useAsk(at("listCertificates", "/certificates"), Math.floor(now.value / EVERY_MS));
  const { certificates, field } = words.value;
  return (
    <>
      <Title side={<p class="muted">{certificates.about}</p>}>{certificates.title}</Title>
      {refusal && <Problem of={refusal} again={again} />}
      {!data && !refusal && <Loading />}
      {data?.items.length === 0 && <Empty>{certificates.empty}</Empty>}
      {data && data.items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={certificates.title}>
          <table>
            <thead>
              <tr>
                <th>{field.channel}</th>
                <th>{field.certificate}</th>
                <th>{field.state}</th>
                <th>{certificates.ends}</th>
                <th>{certificates.left}</th>
                <th>{field.engine}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((one) => (
                <tr key={`${one.channel ?? ""} ${one.connector} ${one.role}`} data-row tabIndex={-1}>
                  <th scope="row">{one.channel === null ? certificates.door : `${one.channel} · ${one.connector}`}</th>
                  <td>{certificates.role[one.role]}</td>
                  <td>
                    <Standing of={one} />
                  </td>
                  <td>
                    <Time at={one.expires_at} />
                  </td>
                  <td>{span(Date.parse(one.expires_at) - now.value)}</td>
                  <td class="id">{one.engine}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Standing({ of: { expires_at: expiresAt } }: { readonly of: Certificate }) {
  const { certificates } = words.value;
  const left = Date.parse(expiresAt) - now.value;
  const [shape, role, word] =
    left <= 0
      ? (["✕", "stop", certificates.ended] as const)
      : left < NOW_MS
        ? (["■", "stop", certificates.now] as const)
        : left < SOON_MS
          ? (["◔", "wait", certificates.soon] as const)
          : (["●", "good", certificates.holds] as const);
  return (
    <span class={role}>
      <span aria-hidden="true">{shape}</span> {word}
    </span>
  );
}
