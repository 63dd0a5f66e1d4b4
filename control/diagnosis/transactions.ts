/** Looks for open transactions, behind which no consumer reads. */
import { describeOpenTransaction, OPEN_FOR_MS, type OpenTransaction } from '@sluice/kafka-records/requests'
import type { ClusterInspection } from '#runtime/operating/kafka'
import { awaitKafkaAnswer } from '../../lib/log/kafka-answers.ts'
import { createFinding, type Finding, type Judgement, type Observed, unknown, wrong } from './finding.ts'
import { observe } from './observe.ts'

/** Returns a finding for each transaction of these topics that is open for long, or one for the environment. */
export async function examineTransactions(
  cluster: Pick<ClusterInspection, 'openTransactions'>,
  env: string,
  topics: Iterable<string>,
): Promise<Finding[]> {
  const names = [...new Set(topics)]
  const found = await observe(() => awaitKafkaAnswer('transactions', cluster.openTransactions(names)))
  return checkTransactions(env, found, Date.now())
}

/** Judges transactions. The age of one without a start is unknown. Pure. */
export function checkTransactions(
  env: string,
  transactions: Observed<readonly OpenTransaction[]>,
  nowMs: number,
): Finding[] {
  const create = (subject: string, judgement: Judgement | string) =>
    createFinding('topics', 'transactions', subject, judgement)
  if ('unseen' in transactions) return [create(env, unknown(transactions))]
  const findings = transactions.seen.flatMap(one => {
    const { says, todo } = describeOpenTransaction(one)
    if (one.sinceMs === undefined) return [create(one.topic, unknown(says, todo))]
    return nowMs - one.sinceMs > OPEN_FOR_MS ? [create(one.topic, wrong(says, todo))] : []
  })
  return findings.length > 0 ? findings : [create(env, 'no transaction is open for more than a minute')]
}
