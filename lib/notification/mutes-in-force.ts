/**
 * Muting conditions in a partition of `notifications`: silences and inhibiting alerts. Both are changed only by events in the log.
 */
import type { PartitionContext } from '#runtime/consumer'
import { INHIBITION_CHANGED_TYPE, type InhibitionChange } from './inhibition.ts'
import { type Silence, type TimedSilence, toTimedSilence } from './silences.ts'
import { SILENCES_CHANGED_TYPE, type SilencesChanged } from './silences-changed.ts'

export interface Muting {
  readonly silences: readonly TimedSilence[]
  /**
   * Time until which alerts about silent entities are muted, in milliseconds since the epoch; 0 if there is no inhibiting alert.
   */
  readonly inhibitedUntilMs: number
}

/** Muting conditions as stored in the context of the partition. */
interface MutingData {
  readonly revision: number
  readonly silences: readonly Silence[]
  readonly inhibiting: readonly Inhibiting[]
  /**
   * Ids of the inhibiting alerts that resolved most recently. Several partitions report the same alert, so its fired event may
   * arrive again.
   */
  readonly ended: readonly string[]
}

/** Inhibiting alert, and the time at which its event arrived in this partition. */
interface Inhibiting {
  readonly alertId: string
  readonly sinceMs: number
}

const NOTHING: MutingData = { revision: 0, silences: [], inhibiting: [], ended: [] }
const MAX_IDS = 100

/** Maximum time for which an alert inhibits others. It ensures that alerts are not muted forever if the resolved event is lost. */
const MAX_INHIBITION_MS = 24 * 60 * 60_000

export const NOTHING_MUTED: Muting = { silences: [], inhibitedUntilMs: 0 }

export const MUTING: PartitionContext<Muting> = {
  setBy: [SILENCES_CHANGED_TYPE, INHIBITION_CHANGED_TYPE],
  initial: NOTHING_MUTED,
  fold(previous, { type, data, timeMs }) {
    const before = (previous ?? NOTHING) as MutingData
    return type === SILENCES_CHANGED_TYPE
      ? withSilences(before, data as SilencesChanged)
      : withInhibition(before, data as InhibitionChange, timeMs)
  },
  read(data) {
    const { silences, inhibiting } = data as MutingData
    return { silences: silences.map(toTimedSilence), inhibitedUntilMs: inhibitedUntilMs(inhibiting) }
  },
  reasons: { changed: 'muting-changed', unchanged: 'muting-unchanged' },
}

/**
 * Returns the data with a new set of silences. An older set is ignored; it can arrive after a newer one if changes are made
 * concurrently.
 */
function withSilences(before: MutingData, { revision, silences }: SilencesChanged): MutingData {
  return revision < before.revision ? before : { ...before, revision, silences }
}

function withInhibition(
  before: MutingData,
  { alertId, status }: InhibitionChange,
  sinceMs: number,
): MutingData {
  const { inhibiting, ended } = before
  if (ended.includes(alertId)) return before
  if (status === 'firing') {
    if (inhibiting.some(alert => alert.alertId === alertId)) return before
    return { ...before, inhibiting: [...inhibiting, { alertId, sinceMs }].slice(-MAX_IDS) }
  }
  const others = inhibiting.filter(alert => alert.alertId !== alertId)
  return { ...before, inhibiting: others, ended: [...ended, alertId].slice(-MAX_IDS) }
}

function inhibitedUntilMs(inhibiting: readonly Inhibiting[]): number {
  return Math.max(0, ...inhibiting.map(({ sinceMs }) => sinceMs + MAX_INHIBITION_MS))
}
