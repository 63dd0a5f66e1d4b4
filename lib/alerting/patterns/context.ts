/** Active rule set of a partition, for every consumer that evaluates patterns. */
import { type PartitionContext, rejected } from '../../../packages/runtime/consumer/process.ts'
import { RULES_ACTIVATED_TYPE } from '../activated-type.ts'
import { rulesIn } from '../rule-set.ts'
import { type PatternsInForce, patternsInForce } from './in-force.ts'
import type { AnyRule } from './pattern.ts'

/**
 * Returns the partition context of consumers that evaluate patterns.
 *
 * @param packaged rules that apply until the log activates a rule set
 */
export function patternsContext(packaged: readonly AnyRule[]): PartitionContext<PatternsInForce> {
  return {
    setBy: RULES_ACTIVATED_TYPE,
    initial: patternsInForce(packaged),
    read(data) {
      const read = rulesIn(data)
      return 'error' in read
        ? rejected(read.error)
        : { kind: 'context', context: patternsInForce(read.rules) }
    },
    reasons: { changed: 'rules-activated', unchanged: 'rules-unchanged' },
  }
}
