/** Writes dead letters as JSON lines to a file or to standard output. */
import { open, rename, rm } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { FoundDeadLetter } from '../../lib/failures/dlq-record.ts'
import { fileFailure } from '../../lib/operations/file-failure.ts'
import { type DeadLetterFilter, pageOf } from '../../lib/queries/dead-letter-pages.ts'
import { placeText, readLetters } from '../../lib/queries/dead-letter-records.ts'
import { type DeadLetterSource, DeadLetters, type PlacedRow } from '../../lib/queries/dead-letters.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import { StoppedByUser } from '../failure.ts'
import { pathIn, type Terminal } from '../terminal.ts'

export interface ExportCounts {
  exported: number
  broken: number
  /** Number of dead letters to export, including unreadable ones. */
  total: number
}

/**
 * Yields one line for each dead letter that matches the filter, and for each unreadable dead letter in the filter's time range. A
 * line contains the position of the dead letter, how it was handled, and its data. The bytes of the failed record are encoded in
 * base64.
 */
export async function* exportLines(
  letters: DeadLetterSource,
  { filter, all, signal }: { filter: DeadLetterFilter; all: boolean; signal: AbortSignal },
  counts: ExportCounts,
): AsyncGenerator<string> {
  const table = await new DeadLetters(letters).look(undefined, signal)
  const isPart = all || table.wholeAfterMs !== undefined
  const now =
    isPart && table.from === 'table'
      ? await new DeadLetters(letters, { withHandled: true }).look(undefined, signal)
      : table
  const { rows } = pageOf(now, { ...filter, limit: Number.POSITIVE_INFINITY, all })
  counts.total = rows.length
  for await (const group of readLetters(letters.log, letters.topic, rows)) {
    for (const { row, found } of group) {
      if (row.kind === 'broken') counts.broken++
      else if (found) counts.exported++
      if (found || row.kind === 'broken') yield `${JSON.stringify(lineOf(row, found))}\n`
    }
    if (signal.aborted) break
  }
  // Throw an error, so that an incomplete file is not mistaken for a complete one.
  if (signal.aborted) throw new StoppedByUser('stopped')
}

function lineOf(row: PlacedRow, found: FoundDeadLetter | undefined): object {
  const place = { at: placeText(row), writtenAt: instant(row.writtenAtMs) }
  const handled = row.handled?.action ?? null
  if (row.kind === 'broken') return { ...place, handled, broken: row.why }
  return { ...place, handled, id: found?.id, deadLetter: found?.deadLetter }
}

/**
 * Returns the message for an export that was stopped. A file is written completely or not at all, but a part may have been written
 * to standard output.
 */
export function stoppedText(
  to: string,
  { exported, broken }: Pick<ExportCounts, 'exported' | 'broken'>,
): string {
  const lines = exported + broken
  if (to !== '-' || lines === 0) return 'Stopped: nothing was exported.\n'
  return `Stopped before all dead letters were exported. At most ${lines} ${lines === 1 ? 'line was' : 'lines were'} written to standard output.\n`
}

/**
 * Writes lines to a file, or to standard output for "-". A file is written completely or not at all, and is compressed if its name
 * ends in .gz.
 */
export async function writeLines(
  lines: AsyncIterable<string>,
  to: string,
  terminal: Terminal,
): Promise<void> {
  if (to === '-') return pipeline(Readable.from(lines), terminal.stdout, { end: false })
  const path = pathIn(terminal, to)
  const partial = `${path}.part`
  try {
    const target = (await open(partial, 'w', 0o600)).createWriteStream({ flush: true })
    await written(lines, target, to.endsWith('.gz'))
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {})
    throw fileFailure(to, error)
  }
}

function written(lines: AsyncIterable<string>, target: Writable, isCompressed: boolean): Promise<void> {
  const source = Readable.from(lines)
  return isCompressed ? pipeline(source, createGzip(), target) : pipeline(source, target)
}
