/** Judges open transactions, behind which no consumer reads. Pure. */
import { describeOpenTransaction, OPEN_FOR_MS, type OpenTransaction } from '@sluice/kafka-records/requests'
import { createFinding, type Finding, type Judgement, type Observed, unknown, wrong } from '../finding.ts'

/** Returns the judgement of a transaction; undefined if it is not open for long. The age of one without a start is unknown. */
export function judgeTransaction(one: OpenTransaction, nowMs: number): Judgement | undefined {
  const { says, todo } = describeOpenTransaction(one)
  if (one.sinceMs === undefined) return unknown(says, todo)
  return nowMs - one.sinceMs > OPEN_FOR_MS ? wrong(says, todo) : undefined
}

/** Returns a finding for each transaction that is open for long. */
export function checkTransactions(
  env: string,
  transactions: Observed<readonly OpenTransaction[]>,
  nowMs: number,
): Finding[] {
  const create = (subject: string, judgement: Judgement | string) =>
    createFinding('topics', 'transactions', subject, judgement)
  if ('unseen' in transactions) return [create(env, unknown(transactions))]
  const findings = transactions.seen.flatMap(one => {
    const judgement = judgeTransaction(one, nowMs)
    return judgement ? [create(one.topic, judgement)] : []
  })
  return findings.length > 0 ? findings : [create(env, 'no transaction is open for more than a minute')]
}
