import type { Decision } from '../../../packages/runtime/pipeline/model.ts'
import type { Observer } from '../../../packages/runtime/pipeline/ports.ts'

/**
 * Returns an observer that adds every decision to the list. Without servers, other observations do not occur.
 */
export function decisionsOnly(list: Decision[]): Observer {
  return {
    decided: (_, decisions) => {
      list.push(...decisions)
    },
    redelivered() {},
    waiting(_, { reason }) {
      throw new Error(`the alerting function waits: ${reason}`)
    },
    tried() {},
    outboxNotTrimmed() {},
    refused() {},
    deadLettersSent() {},
    rangeReadBack() {},
    expired() {},
    startsWithoutAppliedOffset() {},
    failureMemory() {},
    restoredFromCheckpoint() {},
    checkpointDamaged() {},
    clockGap() {},
    timedByProducers() {},
    contextUnreadable() {},
    misrouted() {},
    breakerOpen() {},
  }
}
