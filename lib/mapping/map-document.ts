/** Converts foreign records to readings, with the first of several mappings that can. Pure. */

import { decodeText, isFailure, toJsonEvent } from '#runtime/cloudevents'
import { type Event, type Failure, failure } from '#runtime/consumer'
import { parseJson } from '../support/json.ts'
import { isUtf16 } from '../support/text-reader.ts'
import { applyMapping, computeFoundShare, type ForeignDocument, findUnmetCondition } from './apply-mapping.ts'
import type { Mapping } from './mapping.ts'

/** Reading of a document, and the mapping that took it. */
export interface Mapped {
  readonly kind: 'mapped'
  readonly mapping: Mapping
  readonly event: Event
}

/** Returns the reading in a document, or a failure with the reason of each mapping. */
export function mapDocument(mappings: readonly Mapping[], document: ForeignDocument): Mapped | Failure {
  const unmet: { readonly reason: string; readonly share: number }[] = []
  const failures: Failure[] = []
  for (const mapping of mappings) {
    const condition = findUnmetCondition(mapping, document)
    if (condition !== undefined)
      unmet.push({
        reason: `mapping ${mapping.name}: ${condition}`,
        share: computeFoundShare(mapping, document),
      })
    else {
      const event = applyMapping(mapping, document)
      if (!isFailure(event)) return { kind: 'mapped', mapping, event }
      failures.push(event)
    }
  }
  if (mappings.length === 0) return failure('mapping-failed', 'there are no mappings')
  // Lists show only the start of a message, so the mappings that apply to the record come first, then those of which it has most.
  const nearest = unmet.toSorted((a, b) => b.share - a.share).map(({ reason }) => reason)
  const reasons = [...failures.map(({ message }) => message), ...nearest]
  // The failure of the only mapping that applies says more than that none takes the record.
  const code = failures.length === 1 ? (failures[0] as Failure).code : 'mapping-failed'
  return failure(
    code,
    mappings.length === 1
      ? (reasons[0] as string)
      : `no mapping takes it; the nearest is ${reasons.join('; ')}`,
  )
}

/** Returns the reason why a value to which mappings are applied is not a JSON object. It completes a sentence about the value. */
export function describeNoObject(value: Buffer): string {
  const text = decodeText(value)
  const format = text === undefined ? findCompression(value) : undefined
  if (format !== undefined)
    return `is compressed by its producer (${format}): let it write JSON, and compress batches by compression.type, which Kafka clients undo`
  if (isUtf16(value)) return 'is UTF-16, not UTF-8'
  if (text === undefined) return 'is not UTF-8'
  if (text.trim() === '') return text === '' ? 'is empty' : 'has nothing but spaces'
  if (text.startsWith('\ufeff')) return 'begins with a byte order mark: send it without'
  const document = parseJson(text)
  if (Array.isArray(document))
    return 'is a JSON array, and one record is one reading: send its elements as records, such as with `jq -c .[]`'
  if (document !== undefined)
    return `is ${document === null ? 'null' : `a ${typeof document}`}, not a JSON object`
  const lines = text.split(/[\r\n]+/).filter(line => line.trim() !== '')
  if (lines.length > 1 && lines.every(line => parseJson(line) !== undefined))
    return `has several documents (${lines.length} lines): send one record each`
  const [first = '', ...others] = text.replace(/\}\s*\{/g, '}\n{').split('\n{')
  const isFirst = others.length > 0 && parseJson(first) !== undefined
  return isFirst ? 'has several documents: send one record each' : 'is not JSON'
}

/** Returns the format of a compressed value, by its first bytes. */
function findCompression([first = 0, second = 0]: Buffer): string | undefined {
  if (first === 0x1f && second === 0x8b) return 'gzip'
  return first === 0x78 && (first * 256 + second) % 31 === 0 ? 'zlib' : undefined
}

/** Converts a CloudEvent to the form to which mappings are applied. */
export function eventDocument(
  event: Event,
  record: Omit<ForeignDocument, 'document' | 'isEvent' | 'extensions'>,
): ForeignDocument {
  return {
    ...record,
    document: toJsonEvent(event),
    isEvent: true,
    extensions: event.extensions ?? {},
  }
}
