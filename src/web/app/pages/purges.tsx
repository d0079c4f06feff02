import { words } from "../words/index.ts";
import { PurgeList } from "../parts/purge-list.tsx";
import { Title } from "../parts/small.tsx";

export function PurgesPage() {
  const { purges } = words.value;
  return (
    <>
      <Title side={<p class="muted">{purges.about}</p>}>{purges.title}</Title>
      <PurgeList limit={200} />
    </>
  );
}
