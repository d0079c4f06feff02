import { signal } from "@preact/signals";
import { go, hrefOf, place } from "./router.ts";

/** Whether the sheet of keys is open, and whether the go-to box is. */
export const helpOpen = signal(false);
export const goToOpen = signal(false);

/** `g` and one of these. */
export const GO: Readonly<Record<string, string>> = {
  c: "/console",
  l: "/console/lanes",
  m: "/console/messages",
  h: "/console/channels",
  a: "/console/alerts",
  n: "/console/notices",
  i: "/console/certificates",
  p: "/console/purges",
  e: "/console/engines",
  f: "/clearing",
  d: "/privacy",
  w: "/privacy/access",
};

const PREFIX_MS = 1_500;

/** Keys of the page that is shown: the label of a `data-key` is pressed by its key. */
export function startKeys(): void {
  let prefixUntil = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      goToOpen.value = true;
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (place.value.query.get("keys") === "off") return;
    const now = performance.now();
    if (now < prefixUntil && event.key in GO) {
      prefixUntil = 0;
      event.preventDefault();
      go(hrefOf(GO[event.key] ?? "/console"));
      return;
    }
    prefixUntil = event.key === "g" ? now + PREFIX_MS : 0;
    if (press(event.key)) event.preventDefault();
  });
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

function press(key: string): boolean {
  switch (key) {
    case "?":
      helpOpen.value = true;
      return true;
    case "/":
      return focusOn("[data-search]");
    case "j":
      return moveRow(1);
    case "k":
      return moveRow(-1);
    case "x":
      return clickOn(
        document.activeElement?.closest("tr, [data-scope]")?.querySelector<HTMLElement>("input[type=checkbox]"),
      );
    case ".":
      return focusOn("[data-actions] button, [data-actions] a");
    case "Escape":
      return clickOn(document.querySelector<HTMLElement>("[data-back]"));
    default:
      return /^[a-z]$/.test(key) && pressLetter(`[data-key="${key}"]`);
  }
}

/** What has the letter in the row that has the focus, else the first on the page. */
function pressLetter(selector: string): boolean {
  const row = document.activeElement?.closest("[data-scope]");
  return clickOn(row?.querySelector<HTMLElement>(selector) ?? document.querySelector<HTMLElement>(selector));
}

function focusOn(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector);
  found?.focus();
  return found !== null;
}

function clickOn(element: HTMLElement | null | undefined): boolean {
  element?.click();
  return Boolean(element);
}

function moveRow(by: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.findIndex(
    (row) => row === document.activeElement || row.closest("tr, [data-scope]")?.contains(document.activeElement),
  );
  const next = rows[at === -1 ? 0 : at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return Boolean(next);
}
