import { appendFileSync } from 'node:fs'
import { ConfigurationError } from './framework.ts'
import type { Mapping } from './mappings.ts'
import type { Part } from './parts.ts'

/**
 * What keeps a mapping from making progress: it cannot read its topic, its function fails or does not answer, or an offset, a
 * schema or a discarded record cannot be written or had.
 */
export type Obstacle = 'reading' | 'invocation' | 'answer' | 'commit' | 'registry' | 'destination'

/** `unreachable`: no broker answers. `reported`: the function answered, and named these records as failed. */
export type StallKind = 'unreachable' | 'no-topic' | 'timeout' | 'reported' | 'error'

export interface Stall {
  readonly obstacle: Obstacle
  readonly kind: StallKind
  readonly reason: string
  /** Counts the attempts that failed in a row. */
  readonly attempt: number
  /** The first offset of each partition that stands still; absent where it is the whole mapping. */
  readonly offsets?: Readonly<Record<string, number>>
}

export interface Discarded {
  readonly reason: string
  readonly records: number
  /** The destination that received them; null if there is none. */
  readonly destination: string | null
}

interface ReportedMapping {
  readonly function: string
  readonly topic: string
  readonly group: string
}

/** One line of the file of reports, as JSON. */
export type Report =
  | (ReportedMapping &
      (
        | { readonly report: 'mapped'; readonly windowMs: number; readonly timeoutMs: number }
        | ({ readonly report: 'stalled' } & Stall)
        /** Of an obstacle: these partitions, or all of the mapping, go on. */
        | { readonly report: 'resumed'; readonly obstacle: Obstacle; readonly partitions?: readonly number[] }
        | ({ readonly report: 'discarded' } & Discarded)
      ))
  | EndedThread

/** A handler has ended its thread after it had answered. */
interface EndedThread {
  readonly function: string
  readonly report: 'ended'
  readonly reason: string
}

/** Takes a line of JSON for each report. */
export type WriteReport = (line: string) => void

/**
 * Appends to a file, for a program that runs the trigger and wants to know how its consumers are without reading its log.
 *
 * @throws ConfigurationError where the file cannot be written
 */
export function writeReportsTo(file: string | undefined): WriteReport {
  if (file === undefined) return () => {}
  const append = (text: string) => {
    try {
      appendFileSync(file, text)
    } catch (error) {
      throw new ConfigurationError(`reports cannot be written to ${file}: ${(error as Error).message}`)
    }
  }
  append('')
  return line => append(`${line}\n`)
}

const WHOLE = 'all'

/** Reports of one mapping: each stall with every failed attempt, its end once. */
export class MappingReports {
  readonly #of: ReportedMapping
  readonly #write: WriteReport
  /** `obstacle/partition` of what stands still. */
  readonly #stalled = new Set<string>()

  constructor({ functionKey, topic, groupId }: Mapping, write: WriteReport) {
    this.#of = { function: functionKey, topic, group: groupId }
    this.#write = write
  }

  mapped({ windowMs, functionTimeoutMs }: Pick<Mapping, 'windowMs' | 'functionTimeoutMs'>): void {
    this.#report({ ...this.#of, report: 'mapped', windowMs, timeoutMs: functionTimeoutMs })
  }

  stalled(stall: Omit<Stall, 'offsets'>, parts?: readonly Part[]): void {
    for (const place of placesOf(parts?.map(({ partition }) => partition)))
      this.#stalled.add(`${stall.obstacle}/${place}`)
    const offsets =
      parts && Object.fromEntries(parts.map(({ partition, records }) => [partition, records[0]?.offset ?? 0]))
    this.#report({ ...this.#of, report: 'stalled', ...stall, ...(offsets && { offsets }) })
  }

  /** Says so only where it had stood still. */
  resumed(obstacle: Obstacle, partitions?: readonly number[]): void {
    if (this.#stalled.size === 0) return
    const over = placesOf(partitions).filter(place => this.#stalled.delete(`${obstacle}/${place}`))
    if (over.length === 0) return
    this.#report({
      ...this.#of,
      report: 'resumed',
      obstacle,
      ...(partitions && { partitions: over.map(Number) }),
    })
  }

  discarded(what: Discarded): void {
    this.#report({ ...this.#of, report: 'discarded', ...what })
  }

  #report(report: Report): void {
    this.#write(JSON.stringify(report))
  }
}

function placesOf(partitions: readonly number[] | undefined): readonly (string | number)[] {
  return partitions ?? [WHOLE]
}
