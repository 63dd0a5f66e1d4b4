/** Step 4: decides the records of a chunk. */
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import { deferDuringSurge, hasFailedUnexpectedly } from '../failures/failure-surge.ts'
import type { PartitionRun } from '../invocation.ts'
import type { LoadedPart } from '../loading/load.ts'
import type { End } from '../model/chunk.ts'
import { type ApplyResult, apply } from './apply.ts'

export interface AppliedPart extends LoadedPart {
  /** Undefined if all records were decided before, or if the state for the first undecided record was not loaded. */
  readonly applied: ApplyResult | undefined
}

/** Step 4: decides the records. If too many fail unexpectedly, nothing is committed and the records stay in Kafka. */
export function decideBy(
  decide: (run: PartitionRun, part: LoadedPart) => ApplyResult | Promise<ApplyResult>,
): (run: PartitionRun, part: LoadedPart) => Promise<AppliedPart | End> {
  return async (run, part) => {
    if (part.loaded.length === 0) return { ...part, applied: undefined }
    const applied = await decide(run, part)
    // Only a loaded state may open the breaker, or give the reason why records wait.
    const { provenBy } = part.snapshot
    if (provenBy && (applied.deferred || applied.decisions.some(hasFailedUnexpectedly)))
      return { kind: 'overtaken', provenBy }
    const surge = await deferDuringSurge(run.ports, run.stateKey, applied.decisions, run.invocation)
    return surge ? { kind: 'deferred', deferred: surge } : { ...part, applied }
  }
}

export function applyRecords({ consumer }: PartitionRun, { snapshot, loaded }: LoadedPart) {
  return apply(consumer as Consumer<AnyKeyedProcess>, snapshot, loaded)
}
