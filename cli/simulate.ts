import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileFailure } from '../lib/operations/file-failure.ts'
import { withKey } from '../lib/operations/publish/key-by.ts'
import { FAMILIES, type FamilyName } from '../lib/telemetry/families.ts'
import type { KeyStrategy } from '../lib/telemetry/key.ts'
import { labelsOf } from '../lib/telemetry/simulator/labels.ts'
import { GENERATOR_DEFAULTS, type GeneratorSettings } from '../lib/telemetry/simulator/settings.ts'
import { simulate, simulatedFields } from '../lib/telemetry/simulator.ts'
import { toJsonEvent } from '../packages/runtime/cloudevents/json-format.ts'
import { decimal, instant, text, wholeNumber } from '../packages/runtime/settings/values.ts'
import {
  command,
  DURATION,
  flag,
  option,
  optionWithDefault,
  requiredOption,
  SOME_TEXT,
  type ValuesOf,
} from './command.ts'
import { usageFailure } from './failure.ts'
import { KEY_BY } from './key-by.ts'
import { pathIn, printReport, type Terminal } from './terminal.ts'

type SimulateOptions = ValuesOf<typeof OPTIONS>

const SEED = text(/^[A-Za-z0-9]{1,32}$/, '1 to 32 letters and digits')
const TICK = wholeNumber({ least: 1, most: 60 })

const { seed, tickSeconds, anomalyRate } = GENERATOR_DEFAULTS

const OPTIONS = {
  from: requiredOption('<time>', 'the first instant, RFC 3339', instant()),
  for: option('<duration>', 'how long, such as 90m or 2d (default: 1h)', DURATION),
  seed: optionWithDefault('<text>', 'names the simulated world', SEED, seed),
  tickSeconds: optionWithDefault(
    '<n>',
    'seconds from one reading of a sensor to its next',
    TICK,
    tickSeconds,
  ),
  anomalyRate: optionWithDefault(
    '<share>',
    "the share of a sensor's windows of twelve ticks that have an anomaly",
    decimal(0, 1),
    anomalyRate,
  ),
  keyBy: option(
    '<strategy>',
    'give each reading a key: by instance, type, tenant, random, or a field such as tags.tenant',
    KEY_BY,
  ),
  output: option('<file>', 'write here instead of to standard output', SOME_TEXT),
  labels: option('<file>', 'write the labels of the anomalies here', SOME_TEXT),
  json: flag('print the counts as one JSON document; with --output only'),
}

export default command({
  about: `Write what the simulator measures in a span of time, one JSON document a line, for \`sluice replay\` and \`sluice rules score\`.

The same options give the same readings, with the same ids as those of the function \`generator\`. --labels writes down which
anomalies were injected: without them, every value outside of the labels would be the same.`,
  more: `
Example:
  sluice simulate --from 2026-01-01T00:00:00Z --for 1d --output day.jsonl --labels labels.json
  sluice rules score day.jsonl --labels labels.json`,
  options: OPTIONS,
  async run(options, terminal) {
    const { output, labels: labelsFile, json } = options
    if (json && output === undefined)
      throw usageFailure(
        '--json prints to standard output, where the stream goes: name a file with --output.',
      )
    if (
      output !== undefined &&
      labelsFile !== undefined &&
      pathIn(terminal, output) === pathIn(terminal, labelsFile)
    )
      throw usageFailure('--output and --labels name the same file')
    const settings: GeneratorSettings = { ...GENERATOR_DEFAULTS, ...picked(options) }
    const { fromTick, untilTick } = ticksOf(options)
    if (fromTick === untilTick)
      throw usageFailure(`--for is too short: a sensor is read each ${settings.tickSeconds} seconds`)
    const readings = await writeReadings(
      settings,
      { fromTick, untilTick },
      strategyOf(options),
      output,
      terminal,
    )
    if (terminal.stop.aborted) {
      terminal.stderr.write(`Stopped: only ${readings} readings are written, and no labels\n`)
      return
    }
    const labels = labelsOf(settings, fromTick, untilTick)
    if (labelsFile !== undefined) await writeLabels(labels, labelsFile, terminal)
    const counts: Counts = { readings, labels: labels.length }
    if (json) printReport(terminal, counts, true, String)
    else terminal.stderr.write(`Simulated ${readings} readings, with ${labels.length} labelled anomalies\n`)
  },
})

const DEFAULT_SPAN_MS = 60 * 60_000

interface Counts {
  readonly readings: number
  readonly labels: number
}

function picked({ seed, tickSeconds, anomalyRate }: SimulateOptions) {
  return { seed, tickSeconds, anomalyRate }
}

/** The ticks within the span; its end does not belong to it. */
function ticksOf({ from, for: forMs = DEFAULT_SPAN_MS, tickSeconds }: SimulateOptions) {
  const tickMs = tickSeconds * 1000
  return { fromTick: Math.ceil(from / tickMs), untilTick: Math.ceil((from + forMs) / tickMs) }
}

/** Returns the strategy. Readings of families without the field keep the key of their family. */
function strategyOf({ keyBy }: SimulateOptions): KeyStrategy | undefined {
  if (typeof keyBy !== 'object') return keyBy
  const families = Object.keys(FAMILIES) as FamilyName[]
  const fields = [...new Set(families.flatMap(simulatedFields))]
  if (fields.includes(keyBy.field)) return { ...keyBy, isOptional: true }
  throw usageFailure(`--key-by ${keyBy.field}: simulated readings have the fields ${fields.join(', ')}`)
}

/** @returns how many were written */
async function writeReadings(
  settings: GeneratorSettings,
  { fromTick, untilTick }: ReturnType<typeof ticksOf>,
  strategy: KeyStrategy | undefined,
  output: string | undefined,
  terminal: Terminal,
): Promise<number> {
  let count = 0
  function* lines() {
    for (const { event } of simulate(settings, fromTick, untilTick)) {
      count++
      yield `${JSON.stringify(toJsonEvent(strategy ? withKey(event, strategy) : event))}\n`
    }
  }
  const target = output === undefined ? terminal.stdout : createWriteStream(pathIn(terminal, output))
  try {
    await pipeline(Readable.from(lines()), target, { end: output !== undefined, signal: terminal.stop })
  } catch (error) {
    if (!terminal.stop.aborted) throw fileFailure(output ?? 'standard output', error)
  }
  return count
}

/** One label a line, so that the file can be compared and cut by line. */
async function writeLabels(labels: readonly object[], file: string, terminal: Terminal): Promise<void> {
  const lines = labels.map(label => `  ${JSON.stringify(label)}`)
  const text = lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`
  await writeFile(pathIn(terminal, file), text).catch(error => {
    throw fileFailure(file, error)
  })
}
