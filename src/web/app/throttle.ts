import { useEffect, useRef, useState } from "preact/hooks";

const PAUSE_MS = 1_000;

/** A value that follows another, at most once a second: lists are not asked for at every change. */
export function useThrottled<T>(value: T, pauseMs = PAUSE_MS): T {
  const [told, setTold] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, last.current + pauseMs - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      setTold(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, pauseMs]);
  return told;
}
