/** Partition context of the consumers that evaluate rules: the rule set that the log has activated. */
import { type PartitionContext, PermanentError } from '#runtime/consumer'
import type { Families } from '../telemetry/families.ts'
import type { AnyRule } from './patterns/pattern.ts'
import { listRules } from './rule-set.ts'
import { RULES_ACTIVATED_TYPE } from './rules-activated.ts'

/**
 * Returns the context, which the events `rules.activated` set.
 *
 * @param packaged rules that apply until the log activates a rule set
 * @param index computes what the consumer needs of the rules
 */
export function createRulesContext<Context>(
  families: Families,
  packaged: readonly AnyRule[],
  index: (rules: readonly AnyRule[]) => Context,
): PartitionContext<Context> {
  return {
    setBy: RULES_ACTIVATED_TYPE,
    initial: index(packaged),
    read(data) {
      const read = listRules(families, data)
      if ('error' in read) throw new PermanentError(read.error)
      return index(read.rules)
    },
    reasons: { changed: 'rules-activated', unchanged: 'rules-unchanged' },
  }
}
