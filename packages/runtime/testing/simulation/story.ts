/** Prints a schedule as a story that people read: what has happened, when, and to whom. */
import type { Happened } from './simulation.ts'

/** Returns a line for each thing that has happened. Times count from the first one, in minutes, seconds and tenths of seconds. */
export function tellStory(happened: readonly Happened[]): readonly string[] {
  const firstMs = happened[0]?.atMs ?? 0
  const width = Math.max(0, ...happened.map(({ who }) => who.length))
  return happened.map(
    ({ atMs, who, what }) => `  ${formatTime(atMs - firstMs)}  ${who.padEnd(width)}  ${what}`,
  )
}

function formatTime(ms: number): string {
  const tenths = Math.floor(ms / 100)
  const [minutes, seconds] = [Math.floor(tenths / 600), (tenths % 600) / 10]
  return `${String(minutes).padStart(4)}:${seconds.toFixed(1).padStart(4, '0')}`
}
