/** Reads label files, including files of the Numenta Anomaly Benchmark (NAB), and reports each error with its line. */
import { readFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { isTimestamp, parseTime } from '../../../packages/runtime/cloudevents/attributes.ts'
import type { SchemaViolation } from '../../../schemas/compiled.js'
import validators from '../../../schemas/compiled-labels.js'
import { errorLine, type LocatedError } from '../../alerting/check-rules.ts'
import { positionsIn } from '../../alerting/rule-positions.ts'
import { FAMILIES } from '../../telemetry/families.ts'
import { OperationFailure } from '../failure.ts'
import { fileFailure } from '../file-failure.ts'
import { rfc3339 } from '../import/instant.ts'
import type { Label } from './label.ts'

type Path = readonly (string | number)[]
type Report = (path: Path, message: string) => void

type RawLabels = readonly {
  readonly entity: string
  readonly metric?: string
  readonly from: string
  readonly to: string
  readonly kind?: string
}[]
/**
 * Labels in the form of NAB's `combined_windows.json`. For the path of each CSV file, there is a list of windows. A window consists
 * of two timestamps without a time zone.
 */
type RawWindows = Readonly<Record<string, readonly (readonly [from: string, to: string])[]>>

/**
 * Reads a label file.
 *
 * @param path path of the file
 * @param shown file name in messages
 * @param utcOffset offset from UTC in the form `±hh:mm`, for timestamps in windows of the benchmark, which have no time zone
 * @throws OperationFailure with every error in the file
 */
export async function readLabels(path: string, shown: string, utcOffset: string): Promise<readonly Label[]> {
  const text = await readFile(path, 'utf8').catch(error => {
    throw fileFailure(shown, error)
  })
  const content = parsed(text, shown)
  const faults: [path: Path, message: string][] = []
  const report: Report = (at, message) => faults.push([at, message])
  violations(content, report)
  const labels = faults.length > 0 ? [] : labelsIn(content as RawLabels | RawWindows, utcOffset, report)
  if (faults.length > 0) throw faulty(faults, text, shown)
  return labels
}

function parsed(text: string, shown: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new OperationFailure(`${shown}: not JSON: ${(error as Error).message}`)
  }
}

/** Reports violations of the schema. Valid content is a list of labels, or an object with windows by file. */
function violations(content: unknown, report: Report): void {
  const validate = validators['io.sluice.labels.v1']
  if (validate === undefined) throw new Error('schemas/compiled-labels.js has no io.sluice.labels.v1')
  if (validate(content)) return
  const isList = Array.isArray(content)
  if (!isList && (typeof content !== 'object' || content === null)) {
    report([], 'must be a list of labels, or an object with the windows of each file')
    return
  }
  const form = isList ? /^#\/\$defs\/label/ : /^#\/\$defs\/windows/
  for (const violation of validate.errors ?? [])
    if (form.test(violation.schemaPath)) report(...described(violation, isList))
}

function described({ instancePath, keyword, params }: SchemaViolation, isList: boolean): [Path, string] {
  const parts = instancePath.split('/').slice(1)
  const names = parts.map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  // Numbers in a path are indexes. In a list, only the first part is an index; in an object, all parts after the first are.
  const path = names.map((name, index) => ((index === 0) === isList ? Number(name) : name))
  switch (keyword) {
    case 'required':
      return [[...path, String(params.missingProperty)], 'is missing']
    case 'additionalProperties':
      return [[...path, String(params.additionalProperty)], 'unknown key']
    case 'format':
      return [path, 'must be a date-time of RFC 3339, such as 2026-01-31T13:45:00Z']
    case 'minItems':
    case 'maxItems':
      return [path, 'must be a window: the first and the last timestamp']
    case 'minLength':
      return [path, 'must not be empty']
    default:
      return [path, `must be ${TYPES[String(params.type)] ?? params.type}`]
  }
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a label: an object with entity, from and to',
  string: 'a text',
}

function labelsIn(content: RawLabels | RawWindows, utcOffset: string, report: Report): readonly Label[] {
  return isWindows(content)
    ? Object.entries(content).flatMap(([file, windows]) =>
        windows.map((window, index) => labelOfWindow(file, window, utcOffset, [file, index], report)),
      )
    : content.map((raw, index) => labelOf(raw, [index], report))
}

function isWindows(content: RawLabels | RawWindows): content is RawWindows {
  return !Array.isArray(content)
}

function labelOf({ from, to, ...label }: RawLabels[number], at: Path, report: Report): Label {
  if (label.metric !== undefined && !METRICS.has(label.metric))
    report([...at, 'metric'], `unknown metric ${label.metric}`)
  return { ...label, ...span(from, to, [...at, 'from'], [...at, 'to'], report) }
}

const METRICS: ReadonlySet<string> = new Set(
  Object.values(FAMILIES).flatMap(({ metrics, states }) => [...Object.keys(metrics), ...Object.keys(states)]),
)

/** Converts a window to a label. The entity is the file name, as in `sluice import`. */
function labelOfWindow(
  file: string,
  [from, to]: readonly [string, string],
  utcOffset: string,
  at: Path,
  report: Report,
): Label {
  const [fromAt, toAt] = [rfc3339(from, utcOffset) ?? from, rfc3339(to, utcOffset) ?? to]
  return { entity: basename(file, extname(file)), ...span(fromAt, toAt, [...at, 0], [...at, 1], report) }
}

function span(from: string, to: string, fromPath: Path, toPath: Path, report: Report) {
  const [fromMs, toMs] = [parseTime(from), parseTime(to)]
  const wrong = [...(isTimestamp(from) ? [] : [fromPath]), ...(isTimestamp(to) ? [] : [toPath])]
  for (const path of wrong) report(path, 'is not an existing date and time')
  if (wrong.length === 0 && toMs < fromMs) report(toPath, 'is before the start of the window')
  return { fromMs, toMs }
}

function faulty(
  faults: readonly [path: Path, message: string][],
  text: string,
  shown: string,
): OperationFailure {
  const position = positions(text)
  const errors = faults.map(([path, message]): LocatedError => {
    const key = path.map(part => (typeof part === 'number' ? `[${part}]` : part)).join('.')
    return {
      file: shown,
      ...position(path),
      ...(key === '' ? {} : { key: key.replaceAll('.[', '[') }),
      message,
    }
  })
  return new OperationFailure([...new Set(errors.map(errorLine))].join('\n'))
}

/**
 * Returns the positions of values in the text. The JSON is parsed as YAML, which accepts all JSON except tabs at the start of a
 * line.
 */
function positions(text: string): ReturnType<typeof positionsIn> {
  try {
    return positionsIn(text.replaceAll('\t', ' '))
  } catch {
    return () => ({ line: 1, column: 1 })
  }
}
