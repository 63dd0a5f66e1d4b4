import type { FilePath, PathError } from '../support/file-errors.ts'
import type { TimeSource } from './mapping.ts'
import { isTimeZone } from './time-zones.ts'

const OFFSET = /^[+-]([01]\d|2[0-3]):[0-5]\d$/

/** Returns errors for a time zone that does not exist. Mappings and inputs have such times. */
export function zoneErrors(
  { timeZone, disambiguation }: Pick<TimeSource, 'timeZone' | 'disambiguation'>,
  path: FilePath,
): PathError[] {
  const isOffset = timeZone !== undefined && (OFFSET.test(timeZone) || /^(UTC|Z)$/i.test(timeZone))
  if (timeZone !== undefined && !isOffset && (/^[+-]/.test(timeZone) || !isTimeZone(timeZone)))
    return [
      {
        path: [...path, 'timeZone'],
        message: 'must be UTC, an offset such as +01:00, or a zone such as Europe/Berlin',
      },
    ]
  if (disambiguation === undefined || (timeZone !== undefined && !isOffset)) return []
  return [
    { path: [...path, 'disambiguation'], message: 'is for a timeZone with a name, whose clocks change' },
  ]
}
