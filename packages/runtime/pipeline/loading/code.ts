/** Identifies the code that decided a partition state, so that other code does not continue or replace the state unnoticed. */
import { derivedId } from '../../consumer/derived-id.ts'
import type { Consumer } from '../consumer.ts'

type Deciding = Pick<
  Consumer,
  'idWindowMs' | 'futureToleranceMs' | 'earliestTimeMs' | 'sinceMs' | 'logTime' | 'contentMode' | 'failuresTo'
>

const SETTINGS_LENGTH = 8

/** Returns `<version>/<settings>`. The settings are a digest, because the same code with other settings decides differently. */
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

/** Returns whether two codes differ in their versions or only in their settings. */
export function differenceOf(one: string, other: string): 'version' | 'settings' {
  return one.split('/')[0] === other.split('/')[0] ? 'settings' : 'version'
}
