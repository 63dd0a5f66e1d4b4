/** What happened to an entity, in words. Pure. */
import type { Happening } from '../../../lib/queries/happenings.ts'
import { durationText, numberText } from '../parts/words.ts'

type Details = Happening['details']

const WORDS: Readonly<Record<string, (details: Details, at: string) => string>> = {
  'io.sluice.activity.changed.v1': ({ from, to, lastedSeconds }) =>
    `${from} → ${to}, after ${durationText(Number(lastedSeconds) * 1_000)}`,
  'io.sluice.sensor.silent.v1': () => 'has gone silent',
  'io.sluice.sensor.returned.v1': ({ silentSince }, at) =>
    `reports again, after ${durationText(Date.parse(at) - Date.parse(String(silentSince)))}`,
  'io.sluice.device.fallen.v1': () => 'has fallen, and not got up',
  'io.sluice.instance.restarted.v1': ({ memoryBefore, memoryAfter }) =>
    `has restarted: memory from ${numberText(Number(memoryBefore))} % to ${numberText(Number(memoryAfter))} %`,
}

/** A type of which nothing is known here is told as it is. */
export function happeningText({ type, details, at }: Happening): string {
  const words = Object.hasOwn(WORDS, type) ? WORDS[type] : undefined
  return words?.(details, at) ?? type
}
