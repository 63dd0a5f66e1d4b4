/** Statements about the pipeline that only a defect of the runtime or of an adapter can break. */
import { PartitionStopped } from './errors.ts'

const INVARIANTS = {
  'version-grows': 'a commit raises the version that it is based on, unless its first record must wait',
  'nothing-is-skipped': 'a commit decides the next pending records, each of them once',
  'outbox-holds-decisions': 'a commit stores the entries that its decisions have emitted, and no others',
  'outbox-in-order': 'the positions in an outbox are unique and ascending',
  'answer-is-known': 'a store confirms or refuses a commit',
  'all-are-acknowledged': 'a publisher returns no fewer offsets than it was given records',
  'published-before-trimmed': 'an outbox is trimmed only after all replicas have acknowledged its entries',
  'waits-before-parking': 'events of an entity are parked only while an earlier event of it is retried',
  'sealed-stays': 'a rebuilt state applies no records after contents of the live state were added',
} as const

type Invariant = keyof typeof INVARIANTS

/** Stops the partition if an invariant is broken. `detail` returns offsets, positions and counts, never payload data. */
export function mustHold(isTrue: boolean, name: Invariant, detail: () => string): asserts isTrue {
  if (isTrue) return
  const why = `${name}: ${INVARIANTS[name]}, but ${detail()}`
  throw new PartitionStopped('invariant-broken', `${why}. It is a defect of the runtime: report this line`)
}
