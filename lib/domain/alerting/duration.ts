const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const
const DURATION = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/

/**
 * Milliseconds of a duration as people write it: `90s`, `5m`, `1h30m`, `2d`, each unit once and the larger first, or
 * plain 0. Undefined where it is none, such as 90, whose unit nobody can know.
 */
export function parseDuration(raw: unknown): number | undefined {
  if (raw === 0 || raw === '0') return 0
  const match = typeof raw === 'string' && raw !== '' ? DURATION.exec(raw) : null
  if (match === null) return undefined
  const ms = Object.values(UNITS_MS).reduce((sum, unit, i) => sum + unit * Number(match[i + 1] ?? 0), 0)
  return Number.isSafeInteger(ms) ? ms : undefined
}
