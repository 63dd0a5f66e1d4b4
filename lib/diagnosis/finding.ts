/** Findings: data with a stable name, and the words for people. Pure. */
import { defined } from '../../packages/runtime/consumer/defined.ts'

/** Subject of a finding: the heading under which it is shown. */
export type Area = 'kafka' | 'redis' | 'clocks' | 'topics' | 'producers' | 'consumers' | 'account'

/** `unknown`: it could not be seen. It is never taken for ok. */
export type Verdict = 'ok' | 'wrong' | 'unknown'

export interface Finding {
  readonly area: Area
  /** Name of the check, such as `retention`: the same in every release. */
  readonly check: string
  /** The topic, consumer, server or variable. */
  readonly subject: string
  readonly verdict: Verdict
  /** Without a full stop. */
  readonly says: string
  /** Whole sentences or a command; absent where there is nothing to do. */
  readonly todo?: string
}

/** An answer, or why it could not be seen. */
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

/** Checks by their names; each is ok if it returns text alone. */
export type Checks<Facts> = Readonly<Record<string, (facts: Facts) => Judgement | string>>

export function finding(area: Area, check: string, subject: string, judgement: Judgement | string): Finding {
  return { area, check, subject, ...(typeof judgement === 'string' ? ok(judgement) : judgement) }
}

/** Applies checks to one subject. @param rights what it takes to see facts that are unseen */
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

/** Returns `1 broker`, `2 brokers`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
