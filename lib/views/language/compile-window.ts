/** Compiles the window of a table. The number of windows that a group keeps, and their size, are bounded. Pure. */

import { computeRetentionMs, type WindowPlan } from '../../windows/windows.ts'
import type { Aggregate } from '../plan.ts'
import { LEAST_STEP_MS, MAX_WINDOWS, maxWindows, windowBytes, windowCount } from '../size-limits.ts'
import { StatementError } from './statement-error.ts'
import type { SettingName, WindowClause } from './syntax.ts'

const KEPT_WINDOWS = 10
const DEFAULT_GRACE_MS = 10_000
const SECOND_MS = 1_000

/** Settings of each kind; the first ones are required. */
const SETTINGS = {
  tumbling: {
    required: ['size'],
    form: 'WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 1 HOUR, GRACE PERIOD 10 SECONDS)',
  },
  hopping: {
    required: ['size', 'advance'],
    form: 'WINDOW HOPPING (SIZE 10 MINUTES, ADVANCE BY 1 MINUTE, RETENTION 1 HOUR, GRACE PERIOD 10 SECONDS)',
  },
  session: {
    required: ['gap'],
    form: 'WINDOW SESSION (5 MINUTES, RETENTION 1 HOUR, GRACE PERIOD 10 SECONDS)',
  },
} as const satisfies Record<WindowClause['kind'], { required: readonly SettingName[]; form: string }>

/**
 * @param aggregates values that are stored for each window
 * @throws StatementError if a setting is missing or unknown, or if a group would keep too many windows
 */
export function compileWindow(
  { kind, settings, at }: WindowClause,
  aggregates: readonly Aggregate[],
): WindowPlan {
  const { required, form } = SETTINGS[kind]
  const allowed: readonly SettingName[] = [...required, 'grace', 'retention']
  const settingsByName = new Map(settings.map(setting => [setting.name, setting.ms]))
  const odd = settings.find(({ name }) => !allowed.includes(name))
  if (odd)
    throw new StatementError(`a ${kind} window has no ${WORDS[odd.name].replace(/^a /, '')}`, odd.at, form)
  const missing = required.find(name => !settingsByName.has(name))
  if (missing) throw new StatementError(`a ${kind} window needs ${WORDS[missing]}`, at, form)
  if (settingsByName.size < settings.length)
    throw new StatementError('a setting of the window is repeated', at, form)
  const graceMs = settingsByName.get('grace') ?? DEFAULT_GRACE_MS
  const sizeMs = settingsByName.get('size') ?? settingsByName.get('gap') ?? 0
  const stepMs = settingsByName.get('advance') ?? sizeMs
  if (stepMs < LEAST_STEP_MS || stepMs > sizeMs)
    throw new StatementError(
      settingsByName.has('advance')
        ? 'ADVANCE BY is at least one second and at most SIZE'
        : 'a window has at least one second',
      at,
      form,
    )
  const retentionMs = settingsByName.get('retention') ?? Math.max(sizeMs + graceMs, KEPT_WINDOWS * stepMs)
  if (retentionMs < graceMs)
    throw new StatementError(
      'RETENTION is shorter than the grace period',
      at,
      `RETENTION ${secondsText(graceMs)}`,
    )
  const toleranceMs = computeRetentionMs({ graceMs: 0, retentionMs: 0 })
  const spanMs = computeRetentionMs({ graceMs, retentionMs }) + sizeMs
  const windows = windowCount(sizeMs, stepMs, { graceMs, retentionMs })
  const most = maxWindows(aggregates)
  if (windows > most) {
    const longestMs = most * stepMs - sizeMs
    const leastMs = spanMs / most
    const longestGraceMs = longestMs - Math.max(sizeMs, toleranceMs)
    const size = most < MAX_WINDOWS ? ` of ${Math.ceil(windowBytes(aggregates) / 1024)} KiB` : ''
    throw new StatementError(
      `a group would keep ${windows} windows${size}, and ${most} are allowed`,
      at,
      longestMs >= graceMs + toleranceMs
        ? `RETENTION ${secondsText(longestMs)}`
        : settingsByName.has('advance') && leastMs <= sizeMs
          ? `ADVANCE BY ${secondsText(leastMs)}`
          : longestGraceMs > 0
            ? `GRACE PERIOD ${secondsText(longestGraceMs)}`
            : 'fewer values in TOPK, or fewer COUNT(DISTINCT)',
    )
  }
  const bounds = { graceMs, retentionMs }
  if (kind === 'tumbling') return { kind, sizeMs, ...bounds }
  if (kind === 'session') return { kind, gapMs: sizeMs, ...bounds }
  return { kind, sizeMs, advanceMs: stepMs, ...bounds }
}

const WORDS: Readonly<Record<SettingName, string>> = {
  size: 'SIZE',
  advance: 'ADVANCE BY',
  grace: 'GRACE PERIOD',
  retention: 'RETENTION',
  gap: 'a gap without a name',
}

function secondsText(ms: number): string {
  return `${Math.ceil(ms / SECOND_MS)} SECONDS`
}
