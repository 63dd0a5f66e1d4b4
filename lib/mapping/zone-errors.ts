import type { FilePath, PathError } from '../support/file-errors.ts'
import { isOffset, isTimeZone, ZONE_FORM } from '../support/time-zones.ts'
import type { TimeSource } from './mapping.ts'

/** Returns errors for a time zone that does not exist. Mappings and inputs have such times. */
export function zoneErrors(
  { timeZone, disambiguation }: Pick<TimeSource, 'timeZone' | 'disambiguation'>,
  path: FilePath,
): PathError[] {
  if (timeZone !== undefined && !isTimeZone(timeZone))
    return [{ path: [...path, 'timeZone'], message: `must be ${ZONE_FORM}` }]
  if (disambiguation === undefined || (timeZone !== undefined && !isOffset(timeZone))) return []
  return [
    { path: [...path, 'disambiguation'], message: 'is for a timeZone with a name, whose clocks change' },
  ]
}
