import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

/** A modal question; Esc closes it, and what had the focus has it again. */
export function Dialog({
  title,
  close,
  wide = false,
  children,
}: {
  readonly title: string;
  readonly close: () => void;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      // While it is open everything beneath it is inert and takes no focus.
      dialog?.close();
      if (before instanceof HTMLElement) again(before)?.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={wide ? "wide" : undefined}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClose={close}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

/** The element, or what stands in its place since the list below was drawn anew. */
function again(element: HTMLElement): HTMLElement | null {
  const href = element.getAttribute("href");
  if (element.isConnected || href === null) return element;
  return document.querySelector<HTMLElement>(`a[href="${CSS.escape(href)}"]`);
}
