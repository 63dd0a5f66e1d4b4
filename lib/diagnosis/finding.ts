/** Findings of a diagnosis: results with a stable name, and texts for people. Pure. */
import { defined } from '../../packages/runtime/consumer/defined.ts'

/** Area of a finding, under whose heading it is shown. */
export type Area = 'kafka' | 'redis' | 'clocks' | 'topics' | 'producers' | 'consumers' | 'account'

/** Result of a check. `unknown`: the facts could not be queried. It is never treated as ok. */
export type Verdict = 'ok' | 'wrong' | 'unknown'

export interface Finding {
  readonly area: Area
  /** Name of the check, such as `retention`. It is stable across releases. */
  readonly check: string
  /** Name of the checked topic, consumer, server or variable. */
  readonly subject: string
  readonly verdict: Verdict
  /** Result in words, without a full stop. */
  readonly says: string
  /** Instruction in whole sentences, or a command; absent if there is nothing to do. */
  readonly todo?: string
}

/** Fact, or the reason why it could not be queried. */
export type Observed<T> = { readonly seen: T } | { readonly unseen: string }

/** Result of one check. */
export type Judgement = Pick<Finding, 'verdict' | 'says' | 'todo'>

export function ok(says: string): Judgement {
  return { verdict: 'ok', says }
}

export function wrong(says: string, todo: string): Judgement {
  return { verdict: 'wrong', says, todo }
}

export function unknown(says: string, todo?: string): Judgement {
  return { verdict: 'unknown', says, ...defined({ todo }) }
}

/** Checks by name. A check that returns only a text has the verdict `ok`. */
export type Checks<Facts> = Readonly<Record<string, (facts: Facts) => Judgement | string>>

export function finding(area: Area, check: string, subject: string, judgement: Judgement | string): Finding {
  return { area, check, subject, ...(typeof judgement === 'string' ? ok(judgement) : judgement) }
}

/**
 * Applies checks to one subject.
 *
 * @param rights permissions that are needed for facts that could not be queried
 */
export function judged<Facts>(
  area: Area,
  subject: string,
  checks: Checks<Facts>,
  facts: Observed<Facts>,
  rights?: string,
): Finding[] {
  return Object.entries(checks).map(([check, judge]) =>
    finding(area, check, subject, 'unseen' in facts ? unknown(facts.unseen, rights) : judge(facts.seen)),
  )
}

/** Counts findings by verdict. */
export function counted(findings: readonly Finding[]): Readonly<Record<Verdict, number>> {
  const counts = { ok: 0, wrong: 0, unknown: 0 }
  for (const { verdict } of findings) counts[verdict] += 1
  return counts
}

/** Returns the number with its noun, such as `1 broker` or `2 brokers`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
