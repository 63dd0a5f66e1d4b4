import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Filter, flagField, listField, nameField, optionField } from '../control/questions/field.ts'
import { type ImportCounts, importLines } from '../control/recordings/import/event-lines.ts'
import { createConverter } from '../control/recordings/import/mapped-lines.ts'
import { openFile } from '../control/recordings/replay/recording-file.ts'
import { count } from '../lib/support/count.ts'
import { fileFailure, OperationFailure } from '../lib/support/operation-failure.ts'
import { command } from './command.ts'
import { CliFailure } from './failure.ts'
import { loadMappings } from './options/mapping.ts'
import { resolveConfig } from './servers/settings.ts'
import { resolvePath, type Terminal } from './terminal.ts'

const OPTIONS = {
  mapping: listField(optionField('<name>', 'read by this mapping, a name or a file; again for more')),
  skipInvalid: flagField('skip lines that cannot be read, and count them'),
}

export default command({
  about: `Turn JSON lines, also in a file that ends in .gz, or a CSV file with a header into a stream of CloudEvents, one JSON document a line, for
\`sluice replay\`.

A mapping says which field or column is what, in which unit and at which time: see config/mappings/README.md. \`sluice families propose\` drafts one,
and \`sluice mappings try\` shows its result. Without --mapping, all mappings of MAPPINGS_DIR are tried, in the order of their names. The same file
gives the same events.`,
  more: `
Examples:
  sluice import metrics.jsonl --mapping database-metrics > stream.jsonl
  sluice replay stream.jsonl --speed max`,
  fields: {
    file: nameField('a file of JSON lines, or a CSV file with a header'),
    ...OPTIONS,
  },
  run: importFile,
})

async function importFile(
  { file, mapping, skipInvalid }: Filter<typeof OPTIONS> & { readonly file: string },
  terminal: Terminal,
): Promise<void> {
  const settings = resolveConfig(terminal, undefined)
  const mappings = await loadMappings(settings, mapping, terminal)
  const convert = createConverter(settings, mappings, basename(file))
  const counts: ImportCounts = { events: 0, skipped: 0 }
  try {
    const lines = Readable.from(
      importLines(file, { convert, skipInvalid }, counts, {
        open: name => openFile(resolvePath(terminal, name)),
        onSkipped: line => terminal.stderr.write(`${line}\n`),
      }),
    )
    await pipeline(lines, terminal.stdout, { end: false, signal: terminal.stop })
  } catch (error) {
    if (!terminal.stop.aborted) throw toIncompleteFailure(fileFailure('standard output', error), counts)
  }
  const imported = terminal.stop.aborted ? 'Stopped: imported only' : 'Imported'
  terminal.stderr.write(
    `${imported} ${count(counts.events, 'event')}, skipped ${count(counts.skipped, 'invalid line')}\n`,
  )
}

/**
 * Adds to the error message that the output is incomplete, because the lines that have been written look like a complete stream.
 */
function toIncompleteFailure(error: unknown, { events }: ImportCounts): unknown {
  if (!(error instanceof OperationFailure) || events === 0) return error
  return new CliFailure(
    `${error.message}\nStopped: only the ${count(events, 'event')} before it ${events === 1 ? 'is' : 'are'} written.`,
  )
}
