/** Names the code that decided a partition state, so that a state is never continued or replaced by other code unnoticed. */
import { derivedId } from '../../consumer/derived-id.ts'
import type { Consumer } from '../consumer.ts'

type Deciding = Pick<
  Consumer,
  'idWindowMs' | 'futureToleranceMs' | 'earliestTimeMs' | 'sinceMs' | 'logTime' | 'contentMode' | 'failuresTo'
>

const SETTINGS_LENGTH = 8

/** `<version>/<settings>`: the same code with other settings decides differently, so their digest is a part. */
export function codeOf(version: string, consumer: Deciding): string {
  const { idWindowMs, futureToleranceMs, earliestTimeMs, sinceMs, logTime, contentMode, failuresTo } =
    consumer
  const settings = [
    idWindowMs,
    futureToleranceMs,
    earliestTimeMs,
    sinceMs ?? '',
    logTime,
    contentMode,
    failuresTo,
  ]
  return `${version}/${derivedId('settings', ...settings).slice(0, SETTINGS_LENGTH)}`
}

/** Returns the difference of two codes: their versions, or their settings alone. */
export function differenceOf(one: string, other: string): 'version' | 'settings' {
  return one.split('/')[0] === other.split('/')[0] ? 'settings' : 'version'
}
