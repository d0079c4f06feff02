import type { FunctionComponent } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { followLive } from "./live.ts";
import { match, place } from "./router.ts";
import { may, recognise, session, type Right } from "./session.ts";
import { language, words, type Words } from "./words/index.ts";
import { GoTo, Help } from "./parts/help.tsx";
import { SignIn } from "./parts/sign-in.tsx";
import { Empty } from "./parts/small.tsx";
import { Top } from "./parts/top.tsx";
import { AlertsPage } from "./pages/alerts.tsx";
import { CertificatesPage } from "./pages/certificates.tsx";
import { ChannelsPage } from "./pages/channels.tsx";
import { ClearingPage } from "./pages/clearing.tsx";
import { EnginesPage } from "./pages/engines.tsx";
import { JournalPage } from "./pages/journal.tsx";
import { LanePage } from "./pages/lane.tsx";
import { LanesPage } from "./pages/lanes.tsx";
import { MessagePage } from "./pages/message.tsx";
import { MessagesPage } from "./pages/messages.tsx";
import { NoticesPage } from "./pages/notices.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { PrivacyPage } from "./pages/privacy.tsx";
import { PurgesPage } from "./pages/purges.tsx";
import { TaskPage } from "./pages/task.tsx";

interface Page {
  readonly pattern: string;
  readonly name: keyof Words["nav"];
  readonly right: Right;
  readonly view: FunctionComponent<{ values: Readonly<Record<string, string>> }>;
}

const PAGES: readonly Page[] = [
  { pattern: "/console", name: "overview", right: "channels.read", view: OverviewPage },
  { pattern: "/console/lanes", name: "lanes", right: "lanes.read", view: LanesPage },
  { pattern: "/console/lanes/:id", name: "lanes", right: "lanes.read", view: LanePage },
  { pattern: "/console/messages", name: "messages", right: "messages.read", view: MessagesPage },
  { pattern: "/console/messages/:id", name: "messages", right: "messages.read", view: MessagePage },
  { pattern: "/console/channels", name: "channels", right: "channels.read", view: ChannelsPage },
  { pattern: "/console/alerts", name: "alerts", right: "alerts.read", view: AlertsPage },
  { pattern: "/console/notices", name: "notices", right: "notices.read", view: NoticesPage },
  { pattern: "/console/purges", name: "purges", right: "purges.read", view: PurgesPage },
  { pattern: "/console/certificates", name: "certificates", right: "engines.read", view: CertificatesPage },
  { pattern: "/console/engines", name: "engines", right: "engines.read", view: EnginesPage },
  { pattern: "/clearing", name: "clearing", right: "clearing.read", view: ClearingPage },
  { pattern: "/clearing/:id", name: "clearing", right: "clearing.read", view: TaskPage },
  { pattern: "/privacy", name: "privacy", right: "coverage.read", view: PrivacyPage },
  { pattern: "/privacy/access", name: "journal", right: "journal.read", view: JournalPage },
];

export function App() {
  const { path, query } = place.value;
  const { nav, product, signIn } = words.value;
  const signedIn = session.value != null;
  useEffect(() => {
    void recognise();
  }, []);
  const follows = signedIn && may("messages.read");
  useEffect(() => (follows ? followLive() : undefined), [follows]);
  const theme = query.get("theme");
  const density = query.get("density");
  useLayoutEffect(() => {
    const root = document.documentElement;
    root.lang = language.value;
    set(root, "data-theme", theme);
    set(root, "data-density", density);
  }, [theme, density, language.value]);

  const page = PAGES.map((one) => ({ ...one, values: match(one.pattern, path) })).find(({ values }) => values);
  const title = signedIn ? (page ? nav[page.name] : words.value.notFound) : signIn.title;
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  // A new page is read from its beginning.
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current && !main.current?.contains(document.activeElement)) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
  if (session.value === undefined) return <main />;
  if (!signedIn) return <SignIn />;
  const View = page?.view;
  const targets = PAGES.filter(({ pattern, right }) => !pattern.includes(":") && may(right));
  return (
    <>
      <a class="skip" href="#main">
        {nav.skip}
      </a>
      <Top pages={targets} current={page?.name} />
      <main id="main" ref={main} tabIndex={-1}>
        {View && page.values ? <View key={path} values={page.values} /> : <NotFound />}
      </main>
      <Help />
      <GoTo targets={targets} />
    </>
  );
}

function NotFound() {
  const { notFound } = words.value;
  return (
    <>
      <h1>{notFound}</h1>
      <Empty>{notFound}</Empty>
    </>
  );
}

function set(root: HTMLElement, name: string, value: string | null): void {
  if (value === null) root.removeAttribute(name);
  else root.setAttribute(name, value);
}
