/** Formats the output of `sluice verify`. Pure. */

import { type Difference, type Exception, toDifferenceKey, type Verified } from '#runtime/operating/verify'
import { NAMESPACE } from '../../lib/app/naming/name.ts'
import { count } from '../../lib/support/count.ts'
import { formatTable, type PrintedColumn } from '../output/table.ts'

export interface VerifyReport extends Verified {
  readonly env: string
  readonly consumer: string
  readonly topic: string
  /** Positions of erasures that earlier versions have appended. They change no state any more. */
  readonly erasures: readonly RecordPosition[]
}

export interface RecordPosition {
  readonly partition: number
  readonly offset: number
}

const MAX_LISTED = 20

const COLUMNS: readonly PrintedColumn[] = [
  { heading: 'PARTITION', align: 'right' },
  { heading: 'OFFSET', align: 'right' },
  { heading: 'WHAT' },
  { heading: 'ENTITY', least: 12 },
  { heading: 'FIELD', least: 8 },
  { heading: 'LIVE', least: 8 },
  { heading: 'BY THE LOG', least: 8 },
]

/** Reasons why differences are only counted, with their descriptions. */
export const EXCEPTIONS: Readonly<Record<Exception, string>> = {
  'other-code': 'of partitions that were partly processed with other code, families or settings',
  replaced: 'of partitions whose state was dropped or reprocessed since',
  'not-comparable': 'of entities older than the first record that the log still has',
  expired: 'of partitions whose records have expired meanwhile',
  forgotten: 'failures that were forgotten to make room',
  failures: 'after failures caused by a bug or a receiver, which need not recur',
  'set-aside': 'after records that were skipped',
  refused: 'that Kafka has refused',
  'not-kept': 'that their topic no longer keeps',
  serialized: 'with data that is written by a schema of the registry',
}

export function formatVerified(report: VerifyReport, isAll: boolean, columns: number | undefined): string {
  const { partitions, records, states, emissions, failures, differences, excepted, notComparable, erasures } =
    report
  const kinds = [count(states, 'state'), count(emissions, 'emission'), count(failures, 'failure')]
  const compared = `${kinds[0]}, ${kinds[1]} and ${kinds[2]}`
  const verdict =
    differences.length === 0
      ? `${compared} match the live ones.`
      : `${compared}, and ${countDiffering(differences)} of them ${countDiffering(differences) === 1 ? 'differs' : 'differ'}.`
  const shown = isAll ? differences : differences.slice(0, MAX_LISTED)
  const lines = [
    ...describeErasures(erasures, isAll),
    ...(notComparable > 0
      ? [`Not comparable: ${count(notComparable, 'state')} with records that the log no longer has.`]
      : []),
    ...Object.entries(excepted).map(
      ([reason, number]) => `Accepted differences: ${number} ${EXCEPTIONS[reason as Exception]}.`,
    ),
    `${count(partitions.length, 'partition')}, ${count(records, 'record')} read again: ${verdict}`,
    ...(shown.length > 0 ? ['', formatTable(COLUMNS, shown.map(toRow), columns)] : []),
    ...(shown.length < differences.length
      ? [`… and ${differences.length - shown.length} more: use --all to list them.`]
      : []),
  ]
  return `${lines.join('\n')}\n`
}

/** Returns a line with the positions of the erasures, which explain differences of their entities. */
function describeErasures(erasures: VerifyReport['erasures'], isAll: boolean): string[] {
  if (erasures.length === 0) return []
  const listed = erasures.slice(0, isAll ? undefined : MAX_LISTED)
  const places = listed.map(({ partition, offset }) => `${partition}@${offset}`).join(', ')
  const more = erasures.length > listed.length ? ` and ${erasures.length - listed.length} more` : ''
  return [
    `Erasures of an earlier version, which remove nothing any more (partition@offset): ${places}${more}.`,
  ]
}

/** Returns one line in the CloudWatch embedded metric format. */
export function formatMetric({ env, consumer, differences, excepted }: VerifyReport, nowMs: number): string {
  const Metrics = ['verifyDifferences', 'verifyExcepted'].map(Name => ({ Name, Unit: 'Count' }))
  const Dimensions = [['service', 'environment']]
  const numbers = {
    verifyDifferences: countDiffering(differences),
    verifyExcepted: Object.values(excepted).reduce((sum, number) => sum + number, 0),
  }
  const _aws = { Timestamp: nowMs, CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions, Metrics }] }
  return `${JSON.stringify({ _aws, service: consumer, environment: env, ...numbers })}\n`
}

/**
 * Returns the number of entities, events, failures and ids that differ. Each is counted once, even if several of its fields differ.
 */
function countDiffering(differences: readonly Difference[]): number {
  return new Set(differences.map(toDifferenceKey)).size
}

function toRow(difference: Difference): string[] {
  const name = difference.entity ?? difference.id ?? ''
  const topic = difference.topic ? ` to ${difference.topic}` : ''
  const cells = [
    difference.what + topic,
    name,
    difference.field || '(all)',
    difference.live ?? '-',
    difference.again ?? '-',
  ]
  return [String(difference.partition ?? '-'), String(difference.offset ?? '-'), ...cells]
}
