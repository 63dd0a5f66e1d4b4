/**
 * Returns the data of an event in the form that a path shows: failures without the bytes of their records,
 * and no large data. Pure.
 */

import type { Event } from '../../../packages/runtime/consumer/event.ts'
import type { FailureData } from '../../../packages/runtime/consumer/failure-event.ts'
import { DEAD_LETTER_TYPE, FAILURE_TYPE, RETRY_TYPE } from '../../failures/event-types.ts'

const MAX_BYTES = 16 * 1024
const WITH_ORIGINALS: readonly string[] = [FAILURE_TYPE, RETRY_TYPE, DEAD_LETTER_TYPE]

export function shownData({ type, data }: Event): { readonly data?: unknown; readonly largeBytes?: number } {
  if (data === undefined) return {}
  if (Buffer.isBuffer(data)) return { largeBytes: data.length }
  const shown = WITH_ORIGINALS.includes(type) ? withoutBytes(data as FailureData) : data
  const bytes = Buffer.byteLength(JSON.stringify(shown))
  return bytes > MAX_BYTES ? { largeBytes: bytes } : { data: shown }
}

/** Returns the data of a failure without the bytes, which the page of the failure shows. */
function withoutBytes(data: FailureData): Partial<FailureData> {
  const { originalKey, originalValue, originalHeaders, ...rest } = { ...data }
  return rest
}
