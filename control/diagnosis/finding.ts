/** Defines findings, which are the results of checks. Each has a stable name, and texts for the user. Pure. */
import { omitUndefined } from '#runtime/consumer'

/** Area of a finding. Findings are grouped by area. */
export type Area = 'kafka' | 'redis' | 'topics' | 'producers' | 'consumers' | 'operations' | 'history'

/**
 * Verdict of a check. `open`: it waits for a decision of an operator, while everything works. `unknown`: the facts could not be
 * queried. It is never treated as `ok`.
 */
export type Verdict = 'ok' | 'wrong' | 'open' | 'unknown'

export interface Finding {
  readonly area: Area
  /** Name of the check, such as `retention`. It does not change between releases. */
  readonly check: string
  /** Name of the checked topic, consumer, server or variable. */
  readonly subject: string
  readonly verdict: Verdict
  /** Result as a phrase without a full stop. */
  readonly says: string
  /** Instruction in whole sentences, or a command; absent if no action is needed. */
  readonly todo?: string
}

/** Observed fact, or the reason why it could not be queried. */
export type Observed<T> = { readonly seen: T } | Unseen

/** Reason without a full stop, and what to do; absent if a permission may be missing. */
export type Unseen = { readonly unseen: string; readonly todo?: string }

/** Verdict and texts of one check. */
export type Judgement = Pick<Finding, 'verdict' | 'says' | 'todo'>

export function ok(says: string): Judgement {
  return { verdict: 'ok', says }
}

export function wrong(says: string, todo: string): Judgement {
  return { verdict: 'wrong', says, todo }
}

export function open(says: string, todo: string): Judgement {
  return { verdict: 'open', says, todo }
}

/** @param todo advice, unless the reason has its own: a server that is away needs no permission */
export function unknown(says: string | Unseen, todo?: string): Judgement {
  if (typeof says !== 'string') return unknown(says.unseen, says.todo ?? todo)
  return { verdict: 'unknown', says, ...omitUndefined({ todo }) }
}

/** Checks by name. If a check returns only a text, its verdict is `ok`. */
export type Checks<Facts> = Readonly<Record<string, (facts: Facts) => Judgement | string>>

export function createFinding(
  area: Area,
  check: string,
  subject: string,
  judgement: Judgement | string,
): Finding {
  return { area, check, subject, ...(typeof judgement === 'string' ? ok(judgement) : judgement) }
}

/**
 * Applies checks to one subject.
 *
 * @param rights permissions that the user needs to query the facts
 */
export function runChecks<Facts>(
  area: Area,
  subject: string,
  checks: Checks<Facts>,
  facts: Observed<Facts>,
  rights?: string,
): Finding[] {
  return Object.entries(checks).map(([check, judge]) =>
    createFinding(area, check, subject, 'unseen' in facts ? unknown(facts, rights) : judge(facts.seen)),
  )
}

/** Counts findings by verdict. */
export function countVerdicts(findings: readonly Finding[]): Readonly<Record<Verdict, number>> {
  const counts = { ok: 0, wrong: 0, open: 0, unknown: 0 }
  for (const { verdict } of findings) counts[verdict] += 1
  return counts
}
