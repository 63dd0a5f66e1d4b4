/** What mutes alerts in a partition of `notifications`: silences, and alerts that mute others. Both are set by the log. */
import type { PartitionContext } from '../runtime/consumer/process.ts'
import { INHIBITION_CHANGED_TYPE, type InhibitionChange } from './inhibition.ts'
import { type Silence, type TimedSilence, timed } from './silences.ts'
import { SILENCES_CHANGED_TYPE, type SilencesChanged } from './silences-changed.ts'

export interface Muting {
  readonly silences: readonly TimedSilence[]
  /** Whether an alert stands that mutes those about silent entities. */
  readonly isPipelineDown: boolean
}

/** As it is stored with the partition. */
interface MutingData {
  readonly revision: number
  readonly silences: readonly Silence[]
  /** Alert ids: those that stand, and the last that have ended, because several partitions tell of the same alert. */
  readonly inhibiting: readonly string[]
  readonly ended: readonly string[]
}

const NOTHING: MutingData = { revision: 0, silences: [], inhibiting: [], ended: [] }
const MOST_IDS = 100

export const NOTHING_MUTED: Muting = { silences: [], isPipelineDown: false }

export const MUTING: PartitionContext<Muting> = {
  setBy: [SILENCES_CHANGED_TYPE, INHIBITION_CHANGED_TYPE],
  initial: NOTHING_MUTED,
  fold(previous, { type, data }) {
    const before = (previous ?? NOTHING) as MutingData
    return type === SILENCES_CHANGED_TYPE
      ? withSilences(before, data as SilencesChanged)
      : withInhibition(before, data as InhibitionChange)
  },
  read(data) {
    const { silences, inhibiting } = data as MutingData
    return {
      kind: 'context',
      context: { silences: silences.map(timed), isPipelineDown: inhibiting.length > 0 },
    }
  },
  reasons: { changed: 'muting-changed', unchanged: 'muting-unchanged' },
}

/** Two people can add silences at once, and the older set arrive last: it has no news. */
function withSilences(before: MutingData, { revision, silences }: SilencesChanged): MutingData {
  return revision < before.revision ? before : { ...before, revision, silences }
}

function withInhibition(before: MutingData, { alertId, status }: InhibitionChange): MutingData {
  const { inhibiting, ended } = before
  if (ended.includes(alertId)) return before
  const others = inhibiting.filter(id => id !== alertId)
  if (status === 'firing') return { ...before, inhibiting: [...others, alertId].slice(-MOST_IDS) }
  return { ...before, inhibiting: others, ended: [...ended, alertId].slice(-MOST_IDS) }
}
