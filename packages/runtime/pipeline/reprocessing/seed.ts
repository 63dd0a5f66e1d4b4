/** The state from which a rebuild starts. */

import { omitUndefined } from '../../consumer/omit-undefined.ts'
import { type Consumer, getContext, getContextTypes } from '../consumer.ts'
import type { StateKey } from '../model/partition-state.ts'
import type { StateStore } from '../ports.ts'
import type { StateContents } from '../replacing/replaceable-states.ts'
import { addContents } from './add-contents.ts'
import { failureBefore } from './carry-over.ts'
import { collectFailures } from './new-failures.ts'

/** Live state of which a rebuild needs some parts. */
export type SeedSource = Pick<StateContents, 'context' | 'facts' | 'failures'>

/**
 * Lets an empty state begin at an offset of the log. If this is not offset 0, the state contains earlier data that is still needed.
 * This data is the current context and the failures whose records may be redriven. A context that only steps set is left out: it
 * would contain what the steps of later records have set.
 *
 * @param states store with the empty state
 */
export async function seedState(
  states: Pick<StateStore, 'load' | 'commit'>,
  live: SeedSource,
  stateKey: StateKey,
  startOffset: number,
  consumer: Consumer,
): Promise<void> {
  const { origin, failuresFromMs } = await live.facts(stateKey)
  const begun = { appliedOffset: startOffset - 1, failuresFromMs: undefined, ...omitUndefined({ origin }) }
  if (startOffset === 0) return addContents(states, consumer, stateKey, begun)
  const isSetBySteps = getContext(consumer) !== undefined && getContextTypes(consumer).length === 0
  const context = isSetBySteps ? undefined : await live.context(stateKey)
  // The log clock of the rebuilt state starts at 0.
  const rebuilding = { startOffset, clockLeadMs: Number.POSITIVE_INFINITY }
  const remembered = await collectFailures(live.failures(stateKey))
  const failures = [...remembered.values()].flatMap(failure => failureBefore(failure, rebuilding) ?? [])
  // Failures of earlier records are copied from the live state, so they are known from the same time on.
  await addContents(states, consumer, stateKey, { ...begun, failuresFromMs, context, failures })
}
