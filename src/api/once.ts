/** Asks once for everybody who wants to know within `goodForMs`; what failed is asked again. */
export function once<T>(goodForMs: number, ask: () => Promise<T>): () => Promise<T> {
  let known: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return () => {
    if (known && performance.now() - known.at < goodForMs) return known.answer;
    const answer = ask();
    const mine = { at: performance.now(), answer };
    known = mine;
    answer.catch(() => {
      if (known === mine) known = undefined;
    });
    return answer;
  };
}
