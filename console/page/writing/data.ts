/** Converts the values of a form to the data of a reading. Pure. */
import type { FormField } from '../../api/writing/forms.ts'
import type { ReplayShown } from '../../api/writing/replays.ts'
import { countText, durationText, numberText } from '../parts/words.ts'

type Values = Readonly<Record<string, string>>

/**
 * Returns the data of a reading. Empty fields are omitted. An invalid number is sent as a text, so that the server reports the
 * error.
 *
 * @param values values by path of the field
 */
export function dataOf(fields: readonly FormField[], values: Values): Record<string, unknown> {
  const data: Record<string, unknown> = {}
  for (const field of fields) {
    const value = readValue(field, values[field.path] ?? '')
    if (value !== undefined) put(data, field.path.split('.'), value)
  }
  return data
}

/** Returns the form's values for an existing reading. */
export function valuesOf(fields: readonly FormField[], data: unknown): Record<string, string> {
  return Object.fromEntries(fields.map(({ path }) => [path, textOf(at(data, path.split('.')))]))
}

function readValue({ kind }: FormField, text: string): unknown {
  if (text.trim() === '') return undefined
  if (kind === 'labels') return labelsIn(text)
  if (kind !== 'number' && kind !== 'integer') return text
  const number = Number(text)
  return Number.isFinite(number) ? number : text
}

/** Parses labels such as `tenant=harbour, floor=3`. An entry without `=` is parsed as a name with an empty value. */
export function labelsIn(text: string): Record<string, string> {
  const pairs = text.split(',').map(pair => pair.trim())
  return Object.fromEntries(
    pairs.filter(Boolean).map(pair => {
      const [name = '', ...value] = pair.split('=')
      return [name.trim(), value.join('=').trim()]
    }),
  )
}

function put(data: Record<string, unknown>, [name = '', ...below]: readonly string[], value: unknown): void {
  if (below.length === 0) {
    data[name] = value
    return
  }
  data[name] ??= {}
  put(data[name] as Record<string, unknown>, below, value)
}

function at(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((found, name) => (found as Record<string, unknown> | undefined)?.[name], data)
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(([name, one]) => `${name}=${one}`)
    .join(', ')
}

type Replay = Pick<ReplayShown, 'state' | 'total' | 'acknowledged' | 'ahead' | 'startedAt' | 'endedAt'>

/** Formats the progress of a replay, such as `120 of 291 events, 24 a second, 7 s left`. */
export function progressText(replay: Replay, nowMs: number): string {
  const { state, total, acknowledged, startedAt, endedAt } = replay
  const elapsedMs = Math.max(1, (endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt))
  const done =
    total === null ? 'Scanning the recording' : `${numberText(acknowledged)} of ${countText(total, 'event')}`
  if (state !== 'running') return `${done}, in ${durationText(elapsedMs)}${aheadText(replay)}`
  if (total === null || acknowledged === 0) return `${done} …`
  const perMs = acknowledged / elapsedMs
  const rate = `${numberText(Math.round(perMs * 10_000) / 10)} a second`
  return `${done}, ${rate}, ${durationText((total - acknowledged) / perMs)} left${aheadText(replay)}`
}

function aheadText({ ahead }: Replay): string {
  return ahead > 0
    ? `; ${countText(ahead, 'event')} had a time too far in the future, and consumers reject them`
    : ''
}

/** Formats the speed of a replay, such as `as recorded` or `600 times faster`. */
export function paceText(speed: number | null): string {
  if (speed === null) return 'without delay'
  return speed === 1 ? 'as recorded' : `${numberText(speed)} times faster`
}
