/** Dead letters as JSON lines, to a file or to standard output. */
import { open, rename, rm } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { fileFailure } from '../../lib/operations/file-failure.ts'
import { isWritten, meets } from '../../lib/queries/dead-letter-filter.ts'
import { type DeadLetterFilter, type Scanned, scanDeadLetters } from '../../lib/queries/dead-letters.ts'
import { handledDeadLetters } from '../../lib/queries/handled-dead-letters.ts'
import type { Range } from '../../lib/queries/records.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { StoppedByUser } from '../failure.ts'
import { pathIn, type Terminal } from '../terminal.ts'

export interface ExportCounts {
  exported: number
  broken: number
  /** Records of the topic that were looked at. */
  scanned: number
}

/**
 * One line for each dead letter that meets the filter, and for each broken one of that time: where it lies, what people did with it, and
 * its data as it stands in the topic, with the bytes of the record in base64.
 */
export async function* exportLines(
  log: LogReader,
  ranges: readonly Range[],
  { filter, all, signal }: { filter: DeadLetterFilter; all: boolean; signal: AbortSignal },
  counts: ExportCounts,
): AsyncGenerator<string> {
  const known = await handledDeadLetters(log, ranges, signal)
  for await (const scanned of scanDeadLetters(log, ranges, known, signal)) {
    counts.scanned++
    if (scanned.kind === 'other' || (scanned.handled && !all) || !isMeant(scanned, filter)) continue
    if (scanned.kind === 'broken') counts.broken++
    else counts.exported++
    yield `${JSON.stringify(lineOf(scanned))}\n`
  }
  // An incomplete file must not look like a complete one.
  if (signal.aborted) throw new StoppedByUser('stopped')
}

function isMeant(scanned: Exclude<Scanned, { kind: 'other' }>, filter: DeadLetterFilter): boolean {
  return scanned.kind === 'broken' ? isWritten(scanned, filter) : meets(scanned.letter, filter)
}

function lineOf(scanned: Exclude<Scanned, { kind: 'other' }>): object {
  const { partition, offset, writtenAtMs } = scanned.kind === 'broken' ? scanned : scanned.letter
  const place = { at: `${partition}@${offset}`, writtenAt: instant(writtenAtMs) }
  const handled = scanned.handled ?? null
  if (scanned.kind === 'broken') return { ...place, handled, broken: scanned.why }
  return { ...place, handled, id: scanned.letter.id, deadLetter: scanned.letter.deadLetter }
}

/** What an export says that was stopped. A file is written in whole or not at all; standard output has what went out until then. */
export function stoppedText(
  to: string,
  { exported, broken }: Pick<ExportCounts, 'exported' | 'broken'>,
): string {
  const lines = exported + broken
  if (to !== '-' || lines === 0) return 'Stopped: nothing was exported.\n'
  return `Stopped: not all was exported. At most ${lines} ${lines === 1 ? 'line' : 'lines'} went to standard output.\n`
}

/** Writes the lines to a file, completely or not at all; "-" is standard output. It is compressed if its name ends in .gz. */
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
