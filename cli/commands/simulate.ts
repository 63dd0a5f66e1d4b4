import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { withKey } from '../../lib/operations/publish/key-by.ts'
import { FAMILIES, type FamilyName } from '../../lib/telemetry/families.ts'
import type { KeyStrategy } from '../../lib/telemetry/key.ts'
import { labelsOf } from '../../lib/telemetry/simulator/labels.ts'
import { GENERATOR_DEFAULTS, type GeneratorSettings } from '../../lib/telemetry/simulator/settings.ts'
import { simulate, simulatedFields } from '../../lib/telemetry/simulator.ts'
import { toJsonEvent } from '../../packages/runtime/cloudevents/json-format.ts'
import { decimal, instant, text, wholeNumber } from '../../packages/runtime/settings/values.ts'
import { duration, parserOf, someText } from '../arguments.ts'
import { usageFailure } from '../failure.ts'
import { fileFailure } from '../files.ts'
import { more } from '../help.ts'
import { KEY_BY, KEY_BY_FLAG } from '../key-by.ts'
import { pathIn, printReport, type Terminal } from '../terminal.ts'

interface SimulateOptions {
  readonly from: number
  readonly for?: number
  readonly seed: string
  readonly tickSeconds: number
  readonly anomalyRate: number
  readonly keyBy?: KeyStrategy
  readonly output?: string
  readonly labels?: string
  readonly json?: true
}

const ABOUT = `Write what the simulator measures in a span of time, one JSON document a line, for \`sluice replay\` and \`sluice rules score\`.

The same options give the same readings, with the same ids as those of the function \`generator\`. --labels writes down which
anomalies were injected: without them, every value outside of the labels would be the same.`

const MORE = `
Example:
  sluice simulate --from 2026-01-01T00:00:00Z --for 1d --output day.jsonl --labels labels.json
  sluice rules score day.jsonl --labels labels.json`

const { seed, tickSeconds, anomalyRate } = GENERATOR_DEFAULTS

export function addSimulate(program: Command, terminal: Terminal): void {
  program
    .command('simulate')
    .summary('write simulated readings, and labels of their anomalies')
    .description(ABOUT)
    .requiredOption('--from <time>', 'the first instant, RFC 3339', parserOf(instant()))
    .option('--for <duration>', 'how long, such as 90m or 2d (default: 1h)', duration)
    .option('--seed <text>', 'names the simulated world', parserOf(SEED), seed)
    .option(
      '--tick-seconds <n>',
      'seconds from one reading of a sensor to its next',
      parserOf(TICK),
      tickSeconds,
    )
    .option(
      '--anomaly-rate <share>',
      "the share of a sensor's windows of twelve ticks that have an anomaly",
      parserOf(decimal(0, 1)),
      anomalyRate,
    )
    .option(
      KEY_BY_FLAG,
      'give each reading a key: by instance, type, tenant, random, or a field such as tags.tenant',
      parserOf(KEY_BY),
    )
    .option('--output <file>', 'write here instead of to standard output', someText)
    .option('--labels <file>', 'write the labels of the anomalies here', someText)
    .option('--json', 'print the counts as one JSON document; with --output only')
    .addHelpText('after', more(MORE))
    .action((options: SimulateOptions) => simulateTo(options, terminal))
}

const DEFAULT_SPAN_MS = 60 * 60_000
const SEED = text(/^[A-Za-z0-9]{1,32}$/, '1 to 32 letters and digits')
const TICK = wholeNumber({ least: 1, most: 60 })

interface Counts {
  readonly readings: number
  readonly labels: number
}

async function simulateTo(options: SimulateOptions, terminal: Terminal): Promise<void> {
  const { output, labels: labelsFile, json } = options
  if (json && output === undefined)
    throw usageFailure('--json prints to standard output, where the stream goes: name a file with --output.')
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
}

function picked({ seed, tickSeconds, anomalyRate }: SimulateOptions) {
  return { seed, tickSeconds, anomalyRate }
}

/** The ticks within the span; its end does not belong to it. */
function ticksOf({ from, for: forMs = DEFAULT_SPAN_MS, tickSeconds }: SimulateOptions) {
  const tickMs = tickSeconds * 1000
  return { fromTick: Math.ceil(from / tickMs), untilTick: Math.ceil((from + forMs) / tickMs) }
}

/** Not every family has every field: readings without it keep the key of their family. */
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
