import { readdirSync, readFileSync } from "node:fs";

/** Kernel clock ticks per second; 100 on every Linux this runs on. */
const TICKS_PER_MS = 100 / 1_000;

/** Milliseconds of CPU (user and system) a process has used, and its reaped children. */
export function cpuMs(pid: number): number {
  const fields = statOf(pid);
  return fields ? fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_MS : 0;
}

/** The same for a process and everything it started: PostgreSQL is one process per connection. */
export function familyCpuMs(pid: number): number {
  return cpuMs(pid) + childrenOf(pid).reduce((sum, child) => sum + cpuMs(child), 0);
}

/** Milliseconds one thread of a process was on a CPU, exact where `cpuMs` counts ticks: a connection's PostgreSQL has one. */
export function onCpuMs(pid: number): number {
  return Number(read(`/proc/${pid}/schedstat`).split(" ")[0]) / 1_000_000;
}

/** Peak and present resident memory in MiB. */
export function residentMiB(pid: number): { peak: number; now: number } {
  const status = read(`/proc/${pid}/status`);
  const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1_024;
  return { peak: of("VmHWM"), now: of("VmRSS") };
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((other) => Number.isInteger(other) && Number(statOf(other)?.[1]) === pid);
}

/** The fields of /proc/<pid>/stat after the name, from the state on: [1] parent, [11]–[14] utime stime cutime cstime. */
function statOf(pid: number): string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === "" ? undefined : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
