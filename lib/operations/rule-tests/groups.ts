import { factsOfReading, groupOf } from '../../alerting/patterns/facts.ts'
import { type AnyRule, isPatternRule } from '../../alerting/patterns/pattern.ts'
import { identityOf } from '../../alerting/rule.ts'
import { FAMILIES } from '../../telemetry/families.ts'
import type { Observation } from './test-file.ts'

/** Groups of the observations of a test, by the rules that evaluate groups. */
export class Groups {
  readonly #byRule: ReadonlyMap<string, readonly string[]>

  constructor(rules: readonly AnyRule[], observations: readonly Observation[]) {
    const facts = observations.flatMap(one => {
      if (one.kind === 'event') return [one.happening.facts]
      if (one.kind !== 'reading') return []
      const family = FAMILIES[one.family]
      const named = { source: family.source(one.data), subject: family.subject(one.data) }
      return [factsOfReading({ id: '', type: '', timeMs: 0, entity: '', ...named }, family, one.data)]
    })
    const grouped = rules.filter(isPatternRule).filter(({ pattern }) => pattern.per !== 'entity')
    this.#byRule = new Map(
      grouped.flatMap(rule => {
        const found = facts.flatMap(one => groupOf(one, rule.pattern.per)?.subject ?? [])
        const names = [...new Set(found)]
        return [rule.name, identityOf(rule)].map(name => [name, names] as const)
      }),
    )
  }

  /** Returns whether the rule, by name or identity, evaluates groups. */
  has(rule: string): boolean {
    return this.#byRule.has(rule)
  }

  of(rule: string): readonly string[] {
    return this.#byRule.get(rule) ?? []
  }

  /** Returns the group if there is exactly one. */
  only(rule: string): string | undefined {
    const groups = this.of(rule)
    return groups.length === 1 ? groups[0] : undefined
  }
}
