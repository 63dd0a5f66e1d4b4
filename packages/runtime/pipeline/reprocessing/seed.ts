/** The state from which a rebuild starts. */

import { omitUndefined } from '../../consumer/omit-undefined.ts'
import { type Consumer, getContext, getContextTypes } from '../consumer.ts'
import type { StateKey } from '../model/partition-state.ts'
import type { ReplaceableStates } from '../replacing/replaceable-states.ts'
import { EMPTY_META, type StatePart } from '../replacing/state-parts.ts'
import { failureBefore } from './carry-over.ts'
import { collectFailures } from './new-failures.ts'

/** Live state of which a rebuild needs some parts. */
export type SeedSource = Pick<ReplaceableStates, 'context' | 'facts' | 'failures'>

/**
 * Yields an empty state that begins at an offset of the log. If this is not offset 0, the state contains earlier data that is still
 * needed. This data is the current context and the failures whose records may be redriven. A context that only steps set is left
 * out: it would contain what the steps of later records have set.
 */
export async function* emptyAt(
  states: SeedSource,
  partitionState: StateKey,
  startOffset: number,
  consumer: Pick<Consumer, 'process'>,
): AsyncGenerator<StatePart[]> {
  const version = { epoch: 0, appliedOffset: startOffset - 1, fired: 0 }
  const live = await states.facts(partitionState)
  // Failures of earlier records are copied from the live state, so they are known from the same time on.
  const { failuresFromMs } = startOffset === 0 ? EMPTY_META : live
  yield [
    {
      kind: 'meta',
      meta: { ...EMPTY_META, ...omitUndefined({ origin: live.origin }), version, failuresFromMs },
    },
  ]
  if (startOffset === 0) return
  const isSetBySteps = getContext(consumer) !== undefined && getContextTypes(consumer).length === 0
  const context = isSetBySteps ? undefined : await states.context(partitionState)
  if (context) yield [{ kind: 'context', context }]
  // The log clock of the rebuilt state starts at 0.
  const rebuilding = { startOffset, clockLeadMs: Number.POSITIVE_INFINITY }
  const failures = await collectFailures(states.failures(partitionState))
  for (const live of failures.values()) {
    const failure = failureBefore(live, rebuilding)
    if (failure) yield [{ kind: 'failure', failure }]
  }
}
