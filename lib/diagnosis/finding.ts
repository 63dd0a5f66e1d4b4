/** What `sluice doctor` says of one thing that it has looked at. Pure. */

/** What a finding is about: the heading under which it is shown. */
export type Area = 'kafka' | 'redis' | 'clocks' | 'topics' | 'producers' | 'consumers' | 'account'

/** `unknown`: it could not be seen. It is never taken for ok. */
export type Verdict = 'ok' | 'wrong' | 'unknown'

export interface Finding {
  readonly area: Area
  /** The rule, such as `retention`: the same words in every release. */
  readonly check: string
  /** What was looked at: a topic, a consumer, a server, a variable. */
  readonly subject: string
  readonly verdict: Verdict
  /** What was seen, or why it could not be seen; without a full stop. */
  readonly says: string
  /** What to change, or what is needed to see it; whole sentences or a command. Absent where there is nothing to do. */
  readonly todo?: string
}

/** What was seen, or why it could not be seen. */
export type Seen<T> = { readonly seen: T } | { readonly unseen: string }

/** The findings that one check can come to. */
interface Judgement {
  ok(says: string): Finding
  wrong(says: string, todo: string): Finding
  unknown(why: string, todo?: string): Finding
}

export function about(area: Area, check: string, subject: string): Judgement {
  const of = (verdict: Verdict, says: string, todo?: string): Finding => {
    return { area, check, subject, verdict, says, ...(todo === undefined ? {} : { todo }) }
  }
  return {
    ok: says => of('ok', says),
    wrong: (says, todo) => of('wrong', says, todo),
    unknown: (why, todo) => of('unknown', why, todo),
  }
}

/** How many findings there are of each verdict. */
export function counted(findings: readonly Finding[]): Readonly<Record<Verdict, number>> {
  const counts = { ok: 0, wrong: 0, unknown: 0 }
  for (const { verdict } of findings) counts[verdict] += 1
  return counts
}
