import { appendFileSync } from 'node:fs'
import { cloudName } from '../config/clusters.ts'
import type { Mapping } from '../config/mappings.ts'
import type { PartitionRecords } from '../support/partition-records.ts'
import { ConfigurationError, type Log } from '../support/serverless.ts'

/**
 * Component that prevents a mapping from making progress: the topic, the function, a commit, a schema registry or a destination.
 */
export type Obstacle = 'reading' | 'invocation' | 'commit' | 'registry' | 'destination'

/**
 * Kind of a stall. `unreachable`: no broker responds. `group-taken`: another application is in the consumer group. `reported`: the
 * function has responded and reported these records as failed.
 */
export type StallKind = 'unreachable' | 'no-topic' | 'group-taken' | 'timeout' | 'reported' | 'error'

export interface Stall {
  readonly obstacle: Obstacle
  readonly kind: StallKind
  readonly reason: string
  readonly attempt: number
  /** First offset of each stalled partition; absent if the whole mapping is stalled. */
  readonly offsets?: Offsets
}

type Offsets = Readonly<Record<string, number>>

export interface Discarded {
  readonly reason: string
  readonly records: number
  /** Destination that has received the records; null if there is no destination. */
  readonly destination: string | null
}

interface ReportedMapping {
  readonly function: string
  readonly topic: string
  readonly group: string
  /** ARN or bootstrap servers of the cluster, if its brokers differ from the default ones. */
  readonly cluster?: string
}

/** Line of the report file, as JSON. */
export type Report =
  | (ReportedMapping &
      (
        | { readonly report: 'mapped'; readonly windowMs: number; readonly timeoutMs: number }
        /** The mapping is no longer read, because the function has no such event any more. */
        | { readonly report: 'unmapped' }
        | ({ readonly report: 'stalled' } & Stall)
        /** The obstacle no longer exists: these partitions, or the whole mapping, continue. */
        | { readonly report: 'resumed'; readonly obstacle: Obstacle; readonly partitions?: readonly number[] }
        /** An invocation is still running after this time. `offsets` has the same form as in a report about a stall. */
        | { readonly report: 'running'; readonly forMs: number; readonly offsets: Offsets }
        /** The invocation reported by `running` has ended, successfully or not. */
        | { readonly report: 'returned'; readonly partitions: readonly number[] }
        | ({ readonly report: 'discarded' } & Discarded)
      ))
  | EndedThread

interface EndedThread {
  readonly function: string
  readonly report: 'ended'
  readonly reason: string
}

/** Receives one line of JSON per report. Never throws, because a report must not prevent the delivery of records. */
export type WriteReport = (line: string) => void

const WHOLE_MAPPING = 'all'

/** Reports of one mapping. A stall is reported with every failed attempt; its end is reported once. */
export class MappingReports {
  readonly #of: ReportedMapping
  readonly #write: WriteReport
  /** Current stalls, each as `obstacle/partition`. */
  readonly #stalled = new Set<string>()

  constructor(mapping: Mapping, write: WriteReport) {
    const { functionKey, topic, groupId, cluster } = mapping
    this.#of = {
      function: functionKey,
      topic,
      group: groupId,
      ...(cluster && { cluster: cloudName(mapping) }),
    }
    this.#write = write
  }

  reportMapping({ windowMs, functionTimeoutMs }: Pick<Mapping, 'windowMs' | 'functionTimeoutMs'>): void {
    this.#report({ ...this.#of, report: 'mapped', windowMs, timeoutMs: functionTimeoutMs })
  }

  reportEnd(): void {
    this.#report({ ...this.#of, report: 'unmapped' })
  }

  /** Reports a stall. Does nothing if `parts` is empty. */
  reportStall(stall: Omit<Stall, 'offsets'>, parts?: readonly PartitionRecords[]): void {
    if (parts?.length === 0) return
    for (const scope of toScopes(parts?.map(({ partition }) => partition)))
      this.#stalled.add(`${stall.obstacle}/${scope}`)
    this.#report({
      ...this.#of,
      report: 'stalled',
      ...stall,
      ...(parts && { offsets: toFirstOffsets(parts) }),
    })
  }

  reportRunning(parts: readonly PartitionRecords[], forMs: number): void {
    this.#report({ ...this.#of, report: 'running', forMs, offsets: toFirstOffsets(parts) })
  }

  reportReturn(parts: readonly PartitionRecords[]): void {
    this.#report({ ...this.#of, report: 'returned', partitions: parts.map(({ partition }) => partition) })
  }

  /** Reports that partitions continue; does nothing for partitions that were not stalled. */
  reportResume(obstacle: Obstacle, partitions?: readonly number[]): void {
    if (this.#stalled.size === 0) return
    const over = toScopes(partitions).filter(scope => this.#stalled.delete(`${obstacle}/${scope}`))
    if (over.length === 0) return
    this.#report({
      ...this.#of,
      report: 'resumed',
      obstacle,
      ...(partitions && { partitions: over.map(Number) }),
    })
  }

  /** Forgets the stalls of partitions that are no longer assigned, because another member processes these partitions. */
  keepOnly(partitions: readonly number[]): void {
    for (const stalled of [...this.#stalled]) {
      const [obstacle, scope] = stalled.split('/') as [Obstacle, string]
      if (scope !== WHOLE_MAPPING && !partitions.includes(Number(scope)))
        this.reportResume(obstacle, [Number(scope)])
    }
  }

  reportDiscard(what: Discarded): void {
    this.#report({ ...this.#of, report: 'discarded', ...what })
  }

  #report(report: Report): void {
    this.#write(JSON.stringify(report))
  }
}

function toFirstOffsets(parts: readonly PartitionRecords[]): Offsets {
  return Object.fromEntries(parts.map(({ partition, records }) => [partition, records[0]?.offset ?? 0]))
}

function toScopes(partitions: readonly number[] | undefined): readonly (string | number)[] {
  return partitions ?? [WHOLE_MAPPING]
}

/**
 * Appends reports to a file. While the file cannot be written, reports are dropped and the loss is logged.
 *
 * @throws ConfigurationError if the file cannot be written at the start
 */
export function writeReportsTo(file: string | undefined, log: Pick<Log, 'notice' | 'warning'>): WriteReport {
  if (file === undefined) return () => {}
  try {
    appendFileSync(file, '')
  } catch (error) {
    throw new ConfigurationError(`reports cannot be written to ${file}: ${(error as Error).message}`)
  }
  let dropped = 0
  return line => {
    try {
      // Begin a new line, because part of a line may have been written when the disk was full.
      appendFileSync(file, dropped > 0 ? `\n${line}\n` : `${line}\n`)
    } catch (error) {
      const reason = (error as Error).message
      if (dropped === 0)
        log.warning(`msk  reports cannot be written to ${file}, and are dropped until they can: ${reason}`)
      dropped += 1
      return
    }
    if (dropped > 0) log.notice(`msk  reports are written to ${file} again; ${dropped} of them were dropped`)
    dropped = 0
  }
}
