/** Identifies the code that has decided a partition state. Other code must not continue or replace that state unnoticed. */
import { derivedId } from '../../consumer/derived-id.ts'
import type { Consumer } from '../consumer.ts'

type Deciding = Pick<
  Consumer,
  'idWindowMs' | 'futureToleranceMs' | 'earliestTimeMs' | 'sinceMs' | 'logTime' | 'contentMode' | 'failuresTo'
> &
  Pick<Consumer, 'oldestMs'>

const SETTINGS_LENGTH = 8

/** Digests of the settings of consumers, which do not change. */
const digests = new WeakMap<Deciding, string>()

/** Returns `<version>/<settings>`. It contains a digest of the settings, because the same code decides differently with others. */
export function computeCode(version: string, consumer: Deciding): string {
  const digest = digests.get(consumer) ?? digestSettings(consumer)
  digests.set(consumer, digest)
  return `${version}/${digest}`
}

function digestSettings(consumer: Deciding): string {
  const { idWindowMs, futureToleranceMs, earliestTimeMs, oldestMs, sinceMs = '' } = consumer
  const { logTime, contentMode } = consumer
  const times = [idWindowMs, futureToleranceMs, earliestTimeMs, sinceMs]
  if (Number.isFinite(oldestMs)) times.push(oldestMs)
  return derivedId('settings', ...times, logTime, contentMode, consumer.failuresTo).slice(0, SETTINGS_LENGTH)
}

/** Returns `version` if two codes differ in their versions, and `settings` if they differ only in their settings. */
export function compareCodes(one: string, other: string): 'version' | 'settings' {
  return one.split('/')[0] === other.split('/')[0] ? 'settings' : 'version'
}
