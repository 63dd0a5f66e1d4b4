/** Counts the dead letters that an operation has handled and left out. Pure. */
import type { HandledAction } from '../../../lib/failures/dlq-record.ts'
import type { PlacedRow } from '../../../lib/log/dead-letters.ts'
import { Counts } from '../../queries/dead-letters/counts.ts'
import { type Command, LEFT_OUT, type LeftOutReason } from '../../queries/dead-letters/redrive-decision.ts'

/** Recorded action by command. It is written to the dlq topic and the audit log. */
export const ACTIONS: Readonly<Record<Command, HandledAction>> = { redrive: 'redriven', drop: 'dropped' }

/** Result of a run, or of its preview. */
export interface HandlingResult {
  /** Number of dead letters that were, or would be, redriven or dropped. */
  readonly taken: number
  /** Number of selected dead letters that were skipped, by reason. */
  readonly leftOut: Readonly<Partial<Record<LeftOutReason, number>>>
  /** Number of handled dead letters by code. */
  readonly codes: Readonly<Record<string, number>>
  readonly consumers: Readonly<Record<string, number>>
  readonly topics: Readonly<Record<string, number>>
  /** Permanent failure codes of the dead letters to redrive: the same record fails again, unless the cause was fixed. */
  readonly permanent: readonly string[]
}

/** Returns sentences about a result: the reasons for skipping dead letters, and the failures that will be repeated. */
export function describeResult({
  leftOut,
  permanent,
}: Pick<HandlingResult, 'leftOut' | 'permanent'>): string[] {
  return [
    ...Object.entries(leftOut).map(
      ([reason, count]) => `${count} left out: ${LEFT_OUT[reason as LeftOutReason]}`,
    ),
    ...permanent.map(
      code => `${code} is permanent: the same record fails again, unless the cause was fixed.`,
    ),
  ]
}

/** Counts the dead letters of a request. The counts can be read while it is carried out. */
export class Tally {
  readonly consumers = new Counts()
  readonly topics = new Counts()
  readonly codes = new Counts()
  /** Permanent failure codes that occurred. Such a failure occurs again if the record is redriven unchanged. */
  readonly permanent = new Set<string>()
  readonly leftOut = new Map<LeftOutReason, number>()
  /** Number of selected dead letters that were examined so far. */
  decided = 0

  get handledCount(): number {
    return this.codes.total
  }

  get leftOutCount(): number {
    return [...this.leftOut.values()].reduce((sum, count) => sum + count, 0)
  }

  addHandled(row: PlacedRow): void {
    this.codes.add(row.kind === 'letter' ? row.code : 'broken')
    if (row.kind !== 'letter') return
    if (row.class === 'permanent') this.permanent.add(row.code)
    this.consumers.add(row.consumer)
    this.topics.add(row.topic)
  }

  addLeftOut(reason: LeftOutReason, count = 1): void {
    if (count > 0) this.leftOut.set(reason, (this.leftOut.get(reason) ?? 0) + count)
  }

  toResult(command: Command): HandlingResult {
    return {
      taken: this.handledCount,
      leftOut: Object.fromEntries(this.leftOut),
      codes: this.codes.byFrequency(),
      consumers: this.consumers.byFrequency(),
      topics: this.topics.byFrequency(),
      permanent: command === 'redrive' ? [...this.permanent] : [],
    }
  }

  /** Returns the counts for the audit event of a run. */
  toAuditCounts(command: Command): Record<string, number> {
    return { [ACTIONS[command]]: this.handledCount, ...Object.fromEntries(this.leftOut) }
  }
}
